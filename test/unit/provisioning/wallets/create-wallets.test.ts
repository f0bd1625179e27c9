import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CreateWalletsOptions, WalletBook } from '../../../../src/provisioning/index.ts'
import { warningsOf } from '../../../support/warnings.ts'
import { nodeRefusal, sealed } from '../node-endpoint.ts'
import { startWalletNode, unknownResult, type WalletNode } from './wallet-node.ts'

const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
const anId = expect.stringMatching(/^[0-9a-f]{64}$/)
const ids = ['alice', 'bob', 'carol']

/** What the book has of them. */
const inBook = async ({ book }: WalletNode) =>
  (await book.list({ limit: 100 })).wallets.map(({ id }) => id)

describe('createWallets', () => {
  it('tells accounts apart by the public key on the chain, not by their order', async () => {
    await using world = await startWalletNode()
    const made = await world.create()
    expect(made).toMatchObject({ created: 3, refused: [], chainId: 'flow-emulator' })
    expect(made.transactionIds).toEqual([anId])
    // The node answers in the opposite order of what was asked for.
    expect(made.wallets.map(({ id, address }) => [id, address])).toEqual([
      ['alice', '0xf3fcd2c1a78f5eee'],
      ['bob', '0x179b6b1cb6755e31'],
      ['carol', '0x01cf0e2f2f715450'],
    ])
    for (const { id, publicKey } of made.wallets)
      expect((await world.keys.describe(id)).publicKey).toBe(publicKey)
    expect(await world.book.read('bob')).toEqual(made.wallets[1])
  })

  it('makes nothing twice', async () => {
    await using world = await startWalletNode()
    const first = await world.create()
    const second = await world.create({ ids: ['dave', ...ids] })
    expect(second).toMatchObject({ created: 1, transactionIds: [anId] })
    expect(second.wallets.slice(1)).toEqual(first.wallets)
    expect(world.sent.map((keys) => keys.length)).toEqual([3, 1])
    expect((await world.create({ ids: ['dave', ...ids] })).created).toBe(0)
    expect(world.sent).toHaveLength(2)
  })

  it('numbers wallets so that more of them keep the first', async () => {
    await using world = await startWalletNode()
    const progress: object[] = []
    const count = { count: 3, prefix: 'user-', batchSize: 2 }
    await world.create({ ...count, onProgress: (one) => progress.push(one) })
    expect(progress).toEqual([
      { done: 2, asked: 3, transactionId: anId },
      { done: 3, asked: 3, transactionId: anId },
    ])
    expect((await world.create({ ...count, count: 5 })).created).toBe(2)
    expect(await inBook(world)).toEqual(['user-1', 'user-2', 'user-3', 'user-4', 'user-5'])
  })

  it('takes the key that a run before has sealed', async () => {
    await using world = await startWalletNode()
    const { publicKey } = await world.keys.create('bob', { algorithm: 'ECDSA_secp256k1' })
    expect((await world.create()).wallets[1]).toMatchObject({ id: 'bob', publicKey })
  })

  it('leaves out a wallet whose key or record is damaged, and makes the others', async () => {
    await using world = await startWalletNode()
    await world.create({ ids: ['alice', 'erin'] })
    const [record = ''] = (await readdir(join(world.folder, 'book', 'wallets'))).filter(
      (name) => name === 'erin',
    )
    await writeFile(join(world.folder, 'book', 'wallets', record), '{"version":1')
    await world.keys.create('bob', { algorithm: 'ECDSA_secp256k1' })
    const sealedBob = world.store.records.get('bob') ?? new Uint8Array()
    sealedBob[sealedBob.length - 1] = (sealedBob.at(-1) ?? 0) ^ 1
    const made = await world.create({ ids: [...ids, 'erin', 'dave'] })
    expect(made.wallets.map(({ id }) => id)).toEqual(['alice', 'carol', 'dave'])
    expect(made.refused).toEqual([
      { id: 'erin', code: 'WALLET_RECORD_INVALID' },
      { id: 'bob', code: 'SEALED_KEY_INVALID' },
    ])
  })

  it('refuses a key that lies there on another curve', async () => {
    await using world = await startWalletNode()
    await world.keys.create('bob', { algorithm: 'ECDSA_P256' })
    const made = await world.create()
    expect(made.refused).toEqual([{ id: 'bob', code: 'SEALED_KEY_INVALID' }])
  })

  it('an observer cannot stop it', async () => {
    await using world = await startWalletNode()
    const onProgress = () => {
      throw new TypeError('hunter2')
    }
    const warnings = await warningsOf(() => world.create({ onProgress }))
    expect(warnings.map(({ message }) => message)).toEqual([
      'onProgress threw TypeError: hunter2; the wallets are not affected',
    ])
    expect(await inBook(world)).toEqual(ids)
  })

  it.each<[string, object, string]>([
    ['an id twice', { ids: ['a', 'b', 'a'] }, 'ids[2]'],
    ['an id with a slash', { ids: ['a', '../b'] }, 'ids[1]'],
    ['no ids', { ids: [] }, 'ids'],
    ['10,001 ids', { ids: Array.from({ length: 10_001 }, (_, n) => `${n}`) }, 'ids'],
    ['ids and a count', { ids: ['a'], count: 1, prefix: 'b' }, 'ids'],
    ['ids and a prefix', { prefix: 'b' }, 'prefix'],
    ['a count of 0', { count: 0, prefix: 'b' }, 'count'],
    ['a count and no prefix', { count: 1 }, 'prefix'],
    ['a prefix that is too long', { count: 10, prefix: 'b'.repeat(79) }, 'prefix'],
    ['a batch of 31', { batchSize: 31 }, 'batchSize'],
    ['a hash that Flow does not take', { hashAlgorithm: 'SHA2_384' }, 'hashAlgorithm'],
    ['a curve that is none', { algorithm: 'BLS' }, 'algorithm'],
    ['a book without search', { book: { read: () => undefined } }, 'book'],
    ['keys that are none', { keys: {} }, 'keys'],
    ['an observer that is none', { onProgress: 'x' }, 'onProgress'],
    ['an unknown option', { weight: 500 }, 'weight'],
  ])('sends nothing for %s', async (_, options, option) => {
    await using world = await startWalletNode()
    // Wrong on purpose: what JavaScript callers may pass.
    const wrong = options as Partial<CreateWalletsOptions>
    await expect(world.create(wrong)).rejects.toEqual(code('INVALID_OPTION', { option }))
    expect(world.node.calls).toEqual([])
    expect(world.store.records.size).toBe(0)
  })

  it('refuses another chain than expected, and a book of another chain', async () => {
    await using world = await startWalletNode()
    await world.create({ ids: ['alice'] })
    world.node.chainId = 'flow-testnet'
    const mismatch = (expected: string) =>
      code('CHAIN_MISMATCH', { expected, actual: 'flow-testnet' })
    await expect(world.create({ chainId: 'flow-mainnet' })).rejects.toEqual(
      mismatch('flow-mainnet'),
    )
    for (const ids of [['alice'], ['zoe']])
      await expect(world.create({ ids })).rejects.toEqual(mismatch('flow-emulator'))
    expect(world.store.records.has('zoe')).toBe(false)
    expect(world.sent).toHaveLength(1)
  })
})

describe('a treasury', () => {
  it('that the node refuses is told, and nothing stays behind', async () => {
    await using world = await startWalletNode()
    world.executesAtOnce = false
    world.node.post = { status: 400, body: { code: 400, message: nodeRefusal } }
    await expect(world.create()).rejects.toEqual(code('ACCESS_NODE_REFUSED'))
    expect((await world.book.readRun())?.batch).toBeUndefined()
  })

  it('without FLOW is told by the code of the chain, and its wallets get accounts later', async () => {
    await using world = await startWalletNode()
    world.executesAtOnce = false
    world.node.result = sealed([], '[Error Code: 1103] the payer owns too little')
    await expect(world.create()).rejects.toEqual(
      code('TRANSACTION_FAILED', { errorCodes: [1103], transactionId: anId }),
    )
    expect(world.posted).toHaveLength(1)
    world.executesAtOnce = true
    expect(await world.create()).toMatchObject({ created: 3 })
    // The keys are those that were sealed at first.
    expect(world.sent[0]).toEqual(world.sent[1])
  })

  it('whose sequence number another transaction used signs anew, three times at most', async () => {
    await using world = await startWalletNode()
    world.executesAtOnce = false
    world.node.result = sealed([], '[Error Code: 1007] sequence number')
    await expect(world.create()).rejects.toEqual(code('TRANSACTION_FAILED', { errorCodes: [1007] }))
    expect(new Set(world.posted).size).toBe(3)
    let posts = 0
    const { onBody } = world.node
    world.node.onBody = (name, body) => {
      onBody(name, body)
      if (name === 'POST transactions' && ++posts === 2) world.execute()
    }
    expect(await world.create()).toMatchObject({ created: 3, transactionIds: [anId] })
    expect(world.posted).toHaveLength(5)
  })
})

describe('while it is not known what became of a transaction', () => {
  async function leftUnclear(): Promise<WalletNode> {
    const world = await startWalletNode()
    world.executesAtOnce = false
    await expect(world.create({ timeoutMs: 1 })).rejects.toEqual(code('TRANSACTION_UNSETTLED'))
    expect(world.posted).toHaveLength(1)
    return world
  }

  it('the next run waits for it, and sends nothing when the chain knows it', async () => {
    await using world = await leftUnclear()
    world.execute()
    const made = await world.create()
    expect(made).toMatchObject({ created: 3, transactionIds: [anId] })
    expect(world.posted).toHaveLength(1)
  })

  it('the next run sends the same bytes, and no others', async () => {
    await using world = await leftUnclear()
    await expect(world.create({ timeoutMs: 1 })).rejects.toEqual(code('TRANSACTION_UNSETTLED'))
    world.executesAtOnce = true
    // Those of another run too: nothing is signed before they are settled.
    expect(await world.create({ ids: ['dave'] })).toMatchObject({ created: 1 })
    expect(new Set(world.posted.slice(0, 3)).size).toBe(1)
    expect(world.sent.map((keys) => keys.length)).toEqual([3, 3, 3, 1])
    expect(await inBook(world)).toEqual(['alice', 'bob', 'carol', 'dave'])
  })

  it('a refusal of those bytes proves nothing: a copy may be on its way', async () => {
    await using world = await leftUnclear()
    world.node.post = { status: 400, body: { code: 400, message: nodeRefusal } }
    await expect(world.create()).rejects.toEqual(code('TRANSACTION_UNSETTLED'))
    expect((await world.book.readRun())?.batch).toBeDefined()
  })

  it('it is given up when no block can take it and its number is free, and only then', async () => {
    await using world = await leftUnclear()
    world.node.latestHeight = 9 + 600
    await expect(world.create({ timeoutMs: 1 })).rejects.toEqual(code('TRANSACTION_UNSETTLED'))
    expect(new Set(world.posted).size).toBe(1)
    world.node.latestHeight = 9 + 601
    world.executesAtOnce = true
    expect(await world.create()).toMatchObject({ created: 3 })
    expect(new Set(world.posted).size).toBe(2)
  })

  it('it is not given up when its number is used and nobody can tell by what', async () => {
    await using world = await leftUnclear()
    world.node.latestHeight = 9 + 601
    world.node.numberAt = () => '8'
    await expect(world.create()).rejects.toEqual(code('TRANSACTION_UNSETTLED'))
    expect(world.posted).toHaveLength(1)
  })

  it('a caller who gives up leaves it to the next run', async () => {
    await using world = await startWalletNode()
    world.executesAtOnce = false
    const controller = new AbortController()
    world.node.onCall = (name) => {
      if (name === 'GET transaction_results') controller.abort(new Error('enough'))
    }
    await expect(world.create({ signal: controller.signal })).rejects.toEqual(
      code('TRANSACTION_UNSETTLED'),
    )
    world.node.onCall = () => undefined
    world.execute()
    expect(await world.create()).toMatchObject({ created: 3 })
    expect(world.posted).toHaveLength(1)
  })

  it('bytes that are not those of their id are refused', async () => {
    await using world = await leftUnclear()
    const runs = join(world.folder, 'book', 'run')
    const [name = ''] = await readdir(runs)
    const text = await readFile(join(runs, name), 'utf8')
    await writeFile(join(runs, name), text.replace(/("transactionId":")../, '$100'))
    await expect(world.create()).rejects.toEqual(code('WALLET_RECORD_INVALID', { id: 'run' }))
  })
})

describe('a sealed transaction that does not show what was signed for is told', () => {
  it.each<[string, (keys: readonly string[]) => readonly string[]]>([
    ['an account less', (keys) => keys.slice(1)],
    ['an account more', (keys) => [...keys, '1'.repeat(128)]],
    ['another key', (keys) => [...keys.slice(1), '1'.repeat(128)]],
    ['a key twice', ([one = '', two = '']) => [one, two, two]],
  ])('as with %s', async (_, change) => {
    await using world = await startWalletNode()
    world.executesAtOnce = false
    const { onBody } = world.node
    world.node.onBody = (name, body) => {
      onBody(name, body)
      if (name === 'POST transactions') world.execute(change)
    }
    await expect(world.create()).rejects.toEqual(
      code('ACCOUNT_CREATION_INCOMPLETE', { transactionId: anId }),
    )
    expect(await inBook(world)).toEqual([])
  })
})

describe('two runs on one book', () => {
  it('never send two transactions for a wallet: who is overtaken is told and stops', async () => {
    await using world = await startWalletNode()
    let overtake = true
    // The other run begins after this one has signed, and before it stores what it signed.
    const book: WalletBook = {
      ...world.book,
      async replaceRun(run, expected) {
        if (run.batch !== undefined && overtake) {
          overtake = false
          expect(await world.create()).toMatchObject({ created: 3 })
        }
        return world.book.replaceRun(run, expected)
      },
    }
    await expect(world.create({ book })).rejects.toEqual(code('WALLETS_TAKEN', { revision: 1 }))
    expect(world.posted).toHaveLength(1)
    expect(await inBook(world)).toEqual(ids)
  })

  it('send the same bytes when one takes over what the other is about to send', async () => {
    await using world = await startWalletNode()
    let overtake = true
    const book: WalletBook = {
      ...world.book,
      async replaceRun(run, expected) {
        const isDone = await world.book.replaceRun(run, expected)
        if (run.batch !== undefined && overtake) {
          overtake = false
          expect(await world.create()).toMatchObject({ created: 3 })
        }
        return isDone
      },
    }
    await expect(world.create({ book })).rejects.toEqual(code('WALLETS_TAKEN'))
    expect(new Set(world.posted).size).toBe(1)
    expect(await inBook(world)).toEqual(ids)
  })
})

it('a book that does not answer in time ends the run, before anything is sent', async () => {
  await using world = await startWalletNode()
  const book: WalletBook = { ...world.book, replaceRun: () => new Promise(() => undefined) }
  const error = code('STORE_UNAVAILABLE', { operation: 'replaceRun', waitedMs: 5 })
  await expect(world.create({ book, bookTimeoutMs: 5 })).rejects.toEqual(error)
  world.node.result = unknownResult
  expect(world.posted).toEqual([])
})
