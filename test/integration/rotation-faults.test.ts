import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createFileRotations,
  type RotationRecord,
  type RotationStore,
  resumeRotation,
  rotateKey,
} from '../../src/provisioning/index.ts'
import { createMemoryStore } from '../../src/stores/index.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import {
  holding,
  manyOfTwo,
  ROTATED_KEYS,
  refusal,
  rotated,
  rotatedAccount,
  software,
  twoHolders,
} from '../support/key-rotation.ts'

let chain: FlowChain

beforeAll(async () => {
  // FCL prints every failure and every wait; the console is this file's own
  Object.assign(console, { error: () => undefined, warn: () => undefined })
  chain = await startChain()
})

afterAll(() => chain?.[Symbol.asyncDispose]())

const isPost = (path: string) => path === '/v1/transactions'

/** A process that ends at one call of `replace`: with it, or just after. */
function mortal(rotations: RotationStore, at: number, stores: boolean): RotationStore {
  let calls = 0
  return {
    ...rotations,
    async replace(record, revision) {
      calls += 1
      if (calls < at) return rotations.replace(record, revision)
      if (calls === at && stores) await rotations.replace(record, revision)
      throw new Error('killed')
    },
  }
}

/** One more than a rotation makes. */
const REPLACES = 22

describe('a process that ends', () => {
  it.each([
    ['just after a revision was stored', true],
    ['before a revision was stored', false],
  ])('%s, at any of them, leaves what another goes on with', async (_, stores) => {
    const accounts = await manyOfTwo(chain, REPLACES)
    const ends = await Promise.all(
      accounts.map(async ({ options, resuming, shares, keyCount }, index) => {
        const rotations = mortal(options.rotations, index + 1, stores)
        const first = await rotateKey({ ...options, rotations }).catch((thrown) => thrown)
        const { state } = await resumeRotation(resuming)
        const isKilled = first instanceof Error && first.message === 'killed'
        return { isKilled, state, shares: await shares(), keys: await keyCount() }
      }),
    )
    expect(ends.map(({ isKilled }) => isKilled)).toEqual(
      ends.map((_, index) => index < REPLACES - 1),
    )
    for (const { isKilled: _, ...end } of ends)
      expect(end).toEqual({ state: 'done', shares: rotated, keys: ROTATED_KEYS })
  })
})

describe('when the answer to a transaction is lost', () => {
  it('learns what became of it, of each', async () => {
    const { options, shares, keyCount } = await twoHolders(chain)
    await using proxy = await startFaultProxy({ target: chain.url })
    proxy.setFault(({ method, path }) =>
      method === 'POST' && isPost(path) ? { kind: 'lose-reply' } : undefined,
    )
    expect(await rotateKey({ ...options, accessNode: proxy.url })).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it('says so when the chain cannot be asked, and goes on from what was executed', async () => {
    const { options, resuming, shares, keyCount } = await twoHolders(chain)
    await using proxy = await startFaultProxy({ target: chain.url })
    await rotateKey({ ...options, stopBefore: 'swap' })
    let sent = false
    proxy.setFault(({ method, path }) => {
      if (sent) return { kind: 'reset-before' }
      sent = method === 'POST' && isPost(path)
      return sent ? { kind: 'lose-reply' } : undefined
    })
    const accessNode = { url: proxy.url, timeoutMs: 500 }
    await expect(resumeRotation({ ...resuming, accessNode, timeoutMs: 500 })).rejects.toEqual(
      refusal('ROTATION_UNSETTLED', { purpose: 'swap' }),
    )
    expect((await options.rotations.read(options.address))?.pending?.state).toBe('sent')
    expect(await resumeRotation(resuming)).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it('sends the same bytes again when they never came there', async () => {
    const { address, options, resuming, keyCount } = await twoHolders(chain)
    await using proxy = await startFaultProxy({ target: chain.url })
    await rotateKey({ ...options, stopBefore: 'swap' })
    const bodies: string[] = []
    let isUp = false
    proxy.setFault(({ method, path, body }) => {
      if (method !== 'POST' || !isPost(path)) return undefined
      bodies.push(body.toString())
      return isUp ? undefined : { kind: 'reset-before' }
    })
    const through = { ...resuming, accessNode: { url: proxy.url, timeoutMs: 500 }, timeoutMs: 500 }
    await expect(resumeRotation(through)).rejects.toEqual(refusal('ROTATION_UNSETTLED'))
    const { pending } = (await options.rotations.read(address)) ?? {}
    await expect(resumeRotation(through)).rejects.toEqual(
      refusal('ROTATION_UNSETTLED', { transactionId: pending?.transactionId }),
    )
    isUp = true
    expect(await resumeRotation({ ...through, timeoutMs: 20_000 })).toMatchObject({ state: 'done' })
    expect(bodies.length).toBeGreaterThan(2)
    expect(new Set(bodies).size).toBe(1)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it('does so in the same run, since everybody waits for it', async () => {
    const { options, keyCount } = await twoHolders(chain)
    await using proxy = await startFaultProxy({ target: chain.url })
    const bodies: string[] = []
    proxy.setFault(({ method, path, body }) => {
      if (method !== 'POST' || !isPost(path)) return undefined
      bodies.push(body.toString())
      return bodies.filter((one) => one === body.toString()).length === 1
        ? { kind: 'reset-before' }
        : undefined
    })
    // A run that waited for what never arrived would end with ROTATION_UNSETTLED.
    const report = await rotateKey({ ...options, accessNode: proxy.url, timeoutMs: 30_000 })
    expect(report).toMatchObject({ state: 'done' })
    expect(bodies).toHaveLength(6)
    expect(new Set(bodies).size).toBe(3)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })
})

describe('before a transaction is sent', () => {
  it('its bytes are stored, and that they may have been sent', async () => {
    const { options } = await twoHolders(chain)
    await using proxy = await startFaultProxy({ target: chain.url })
    let last: RotationRecord | undefined
    const rotations: RotationStore = {
      ...options.rotations,
      async replace(next, revision) {
        const stored = await options.rotations.replace(next, revision)
        last = next
        return stored
      },
    }
    const seen: unknown[] = []
    proxy.setFault(({ method, path }) => {
      if (method === 'POST' && isPost(path)) seen.push(last?.pending?.state, last?.step)
      return undefined
    })
    await rotateKey({ ...options, rotations, accessNode: proxy.url })
    expect(seen).toEqual(['sent', 'add', 'sent', 'prove', 'sent', 'swap'])
  })

  it.each(['add', 'swap'] as const)(
    'another process that took the rotation over ends it (%s)',
    async (step) => {
      const { options, keyCount, shares } = await twoHolders(chain)
      let keys = 0
      const rotations: RotationStore = {
        ...options.rotations,
        async replace(next, revision) {
          if (next.pending?.state === 'sent' && next.step === step) {
            keys = await keyCount()
            const { pending: _, ...rest } = next
            await options.rotations.replace({ ...rest, revision: revision + 1 }, revision)
          }
          return options.rotations.replace(next, revision)
        },
      }
      await expect(rotateKey({ ...options, rotations })).rejects.toEqual(refusal('ROTATION_TAKEN'))
      expect(await keyCount()).toBe(keys)
      expect((await shares()).old).toEqual({ weight: 500, copies: 2 })
    },
  )
})

it('sends nothing again that the chain knows, also where a node answers as before', async () => {
  const { options, resuming, shares, keyCount } = await twoHolders(chain)
  await rotateKey({ ...options, stopBefore: 'swap' })
  await using proxy = await startFaultProxy({ target: chain.url })
  const path = `/v1/accounts/${options.address.slice(2)}?expand=keys&block_height=sealed`
  const before = await (await fetch(`${chain.url}${path}`)).text()
  let sent = false
  proxy.setFault((request) => {
    if (sent) return { kind: 'reset-before' }
    sent = request.method === 'POST' && isPost(request.path)
    return sent ? { kind: 'lose-reply' } : undefined
  })
  const accessNode = { url: proxy.url, timeoutMs: 500 }
  await expect(resumeRotation({ ...resuming, accessNode, timeoutMs: 500 })).rejects.toEqual(
    refusal('ROTATION_UNSETTLED'),
  )
  let [stale, posts] = [3, 0]
  proxy.setFault((request) => {
    if (request.method === 'POST') posts += 1
    if (request.path !== path || stale === 0) return undefined
    stale -= 1
    return { kind: 'body', body: before, headers: { 'content-type': 'application/json' } }
  })
  const report = await resumeRotation({ ...resuming, accessNode: proxy.url })
  expect(report.state).toBe('done')
  expect({ stale, posts }).toEqual({ stale: 0, posts: 0 })
  expect(await shares()).toEqual(rotated)
  expect(await keyCount()).toBe(ROTATED_KEYS)
})

describe('two processes at once', () => {
  const folders: string[] = []
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true })
  })
  const twoStores = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-rotate-'))
    folders.push(folder)
    return Promise.all([createFileRotations(folder), createFileRotations(folder)])
  }
  const codesOf = (ends: readonly PromiseSettledResult<unknown>[]) =>
    ends.map((end) => (end.status === 'fulfilled' ? 'done' : end.reason.code))

  it('begin one rotation of an account', async () => {
    const { options, resuming, shares, keyCount } = await twoHolders(chain)
    const stores = await twoStores()
    const ends = codesOf(
      await Promise.allSettled(stores.map((rotations) => rotateKey({ ...options, rotations }))),
    )
    expect(ends.filter((end) => end === 'done').length).toBeLessThanOrEqual(2)
    for (const end of ends) expect(end).toMatch(/^(done|ROTATION_OPEN|ROTATION_TAKEN)$/)
    const [rotations] = stores
    expect(await resumeRotation({ ...resuming, rotations })).toMatchObject({ state: 'done' })
    expect(await shares()).toEqual(rotated)
    expect(await keyCount()).toBe(ROTATED_KEYS)
  })

  it.each(['add', 'prove', 'swap', 'resume'] as const)(
    'go on from %s, and one of them stops',
    async (stopBefore) => {
      const { options, resuming, shares, keyCount } = await twoHolders(chain)
      const stores = await twoStores()
      const [first = options.rotations] = stores
      await rotateKey({ ...options, rotations: first, stopBefore })
      const ends = codesOf(
        await Promise.allSettled(
          stores.map((rotations) => resumeRotation({ ...resuming, rotations })),
        ),
      )
      expect(ends).toContain('done')
      for (const end of ends) expect(end).toMatch(/^(done|ROTATION_TAKEN)$/)
      expect(await shares()).toEqual(rotated)
      expect(await keyCount()).toBe(ROTATED_KEYS)
    },
  )
})

describe('when others use the account', () => {
  it('signs anew when its number was used meanwhile, and never two', async () => {
    const signer = software()
    const { address, options, shares, keyCount } = await rotatedAccount(chain, [
      { signer, weight: 1000 },
    ])
    // Between the signing of the first transaction and its sending.
    let record: RotationRecord | undefined
    const rotations: RotationStore = {
      ...options.rotations,
      async replace(next, revision) {
        const isFirst = record === undefined && next.pending?.state === 'sent'
        if (isFirst) {
          record = next
          await chain.send({ cadence: noop, authz: holding(chain, signer).authorize(address) })
        }
        return options.rotations.replace(next, revision)
      },
    }
    const report = await rotateKey({ ...options, rotations })
    expect(report.state).toBe('done')
    expect(report.history.map(({ text }) => text).join('\n')).toContain('is used: the account')
    expect((await shares()).fresh).toEqual({ weight: 1000, copies: 1 })
    expect(await keyCount()).toBe(3)
  })

  it('gives up after three that had no effect, and sends no fourth', async () => {
    const signer = software()
    const { address, options, keyCount } = await rotatedAccount(chain, [{ signer, weight: 1000 }])
    let used = 0
    const rotations: RotationStore = {
      ...options.rotations,
      async replace(next, revision) {
        if (next.pending?.state === 'sent') {
          used += 1
          await chain.send({ cadence: noop, authz: holding(chain, signer).authorize(address) })
        }
        return options.rotations.replace(next, revision)
      },
    }
    await expect(rotateKey({ ...options, rotations })).rejects.toEqual(
      refusal('TRANSACTION_FAILED', { errorCodes: expect.arrayContaining([1007]) }),
    )
    expect(used).toBe(3)
    expect(await keyCount()).toBe(1)
  })

  it('gives the rows of its pools back when the swap had no effect', async () => {
    const { address, options, shares, old, two, fresh } = await twoHolders(chain)
    const store = createMemoryStore()
    await store.enrollKeys(address, [{ keyIndex: 2, sequenceNumber: 0n }])
    const rowsAt: string[] = []
    const rotations: RotationStore = {
      ...options.rotations,
      async replace(next, revision) {
        if (next.pending?.state === 'sent' && next.step === 'swap') {
          rowsAt.push((await store.listKeys(address))[0]?.state ?? '')
          const authz = holding(chain, old, two, fresh).authorize(address, { proposalKeyIndex: 4 })
          await chain.send({ cadence: noop, authz })
        }
        return options.rotations.replace(next, revision)
      },
    }
    await expect(rotateKey({ ...options, rotations, pools: [{ store }] })).rejects.toEqual(
      refusal('TRANSACTION_FAILED', { errorCodes: expect.arrayContaining([1007]) }),
    )
    // The one that was signed before all waited, and three that were signed anew.
    expect(rowsAt).toEqual(Array(4).fill('quarantined'))
    const rows = (await store.listKeys(address)).map(({ keyIndex, state }) => [keyIndex, state])
    expect(rows).toContainEqual([2, 'free'])
    expect((await shares()).old).toEqual({ weight: 500, copies: 2 })
  })
})
