/** What is remembered of accounts, and when they are read again. @module */
import { createAccountDirectory } from '../../../src/authorizer/account-directory.ts'
import { bindAccount } from '../../../src/authorizer/bound-account.ts'
import type { Signer } from '../../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { ANSWERS_MS } from '../../support/limits.ts'
import { type Algorithm, hexOf, softKey } from '../crypto/independent.ts'
import { rejectionOf, startServer } from '../flow/servers.ts'

const address = '0x0102030405060708'
const material = softKey('ECDSA_P256')
const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: material.privateKey })

type Row = {
  readonly publicKey?: Uint8Array
  readonly signing?: string
  readonly hashing?: string
  readonly revoked?: boolean
  readonly sequenceNumber?: number
}
const keyJson = (row: Row, index: number) => ({
  index: String(index),
  public_key: `0x${hexOf(row.publicKey ?? material.publicKey)}`,
  signing_algorithm: row.signing ?? 'ECDSA_P256',
  hashing_algorithm: row.hashing ?? 'SHA3_256',
  sequence_number: String(row.sequenceNumber ?? 5),
  weight: '1000',
  revoked: row.revoked ?? false,
})

/** A node with one account whose keys can be changed, and that can be told to fail. */
async function startNode(first: readonly Row[] = [{}]) {
  const state = { rows: first, failures: 0, hold: undefined as Promise<void> | undefined }
  const server = await startServer(async (response, _, request) => {
    await state.hold
    if (state.failures > 0) {
      state.failures -= 1
      response.statusCode = 400
      response.end('{"message":"not now"}')
      return
    }
    const [, index] = /\/keys\/(\d+)/.exec(request.url ?? '') ?? []
    const account = request.url?.split('?')[0]?.split('/')[3]
    const keys = state.rows.map(keyJson)
    const body =
      index === undefined ? { address: account, balance: '0', keys } : keys[Number(index)]
    if (body === undefined) response.statusCode = 404
    response.end(JSON.stringify(body ?? {}))
  })
  return {
    state,
    node: { url: server.url, timeoutMs: ANSWERS_MS },
    requests: server.requests,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
const cached = { reread: false }
const fresh = { reread: true }

describe('the account directory', () => {
  it('reads an account once', async () => {
    await using started = await startNode()
    const directory = createAccountDirectory([signer])
    const first = await directory.get(started.node, address, cached)
    expect(await directory.get(started.node, address, cached)).toBe(first)
    expect(started.requests).toHaveLength(1)
  })

  it('reads it once for all who ask at the same time', async () => {
    await using started = await startNode()
    const directory = createAccountDirectory([signer])
    const asking = Array.from({ length: 10 }, (_, index) =>
      directory.get(started.node, address, index % 2 === 0 ? cached : fresh),
    )
    expect(new Set(await Promise.all(asking)).size).toBe(1)
    expect(started.requests).toHaveLength(1)
  })

  it('reads it again when asked to', async () => {
    await using started = await startNode([{ revoked: true }, {}])
    const directory = createAccountDirectory([signer])
    expect([...(await directory.get(started.node, address, cached)).held.keys()]).toEqual([1])
    started.state.rows = [{}, {}]
    expect([...(await directory.get(started.node, address, fresh)).held.keys()]).toEqual([0, 1])
    expect([...(await directory.get(started.node, address, cached)).held.keys()]).toEqual([0, 1])
    expect(started.requests).toHaveLength(2)
  })

  it('does not remember a failure', async () => {
    await using started = await startNode()
    started.state.failures = 1
    const directory = createAccountDirectory([signer])
    await expect(directory.get(started.node, address, cached)).rejects.toMatchObject({
      code: 'ACCESS_NODE_REFUSED',
    })
    expect(directory.has(started.node, address)).toBe(false)
    expect((await directory.get(started.node, address, cached)).held.size).toBe(1)
  })

  it('knows what it has read, and forgets it', async () => {
    await using started = await startNode()
    const directory = createAccountDirectory([signer])
    const reading = directory.get(started.node, address, cached)
    expect(directory.has(started.node, address)).toBe(false)
    await reading
    expect(directory.has(started.node, address)).toBe(true)
    directory.forget('0x1112131415161718')
    expect(directory.has(started.node, address)).toBe(true)
    directory.forget(address)
    expect(directory.has(started.node, address)).toBe(false)
    await directory.get(started.node, address, cached)
    expect(started.requests).toHaveLength(2)
  })

  it('keeps the accounts of two nodes apart', async () => {
    await using one = await startNode([{}])
    await using other = await startNode([{ revoked: true }, {}])
    const directory = createAccountDirectory([signer])
    const held = async ({ node }: typeof one) => [
      ...(await directory.get(node, address, cached)).held.keys(),
    ]
    expect([await held(one), await held(other)]).toEqual([[0], [1]])
  })

  it('ends one wait when its caller aborts, and not that of others', async () => {
    await using started = await startNode()
    let release: () => void = () => undefined
    started.state.hold = new Promise((resolve) => {
      release = resolve
    })
    const directory = createAccountDirectory([signer])
    const controller = new AbortController()
    const aborted = rejectionOf(
      directory.get(started.node, address, { ...cached, signal: controller.signal }),
    )
    const other = directory.get(started.node, address, cached)
    controller.abort('enough')
    expect((await aborted).error).toBe('enough')
    release()
    expect((await other).held.size).toBe(1)
    expect(started.requests).toHaveLength(1)
  })
})

describe('readSequenceNumber', () => {
  async function setUp(row: Row) {
    const started = await startNode([row])
    const directory = createAccountDirectory([signer])
    const account = await directory.get(started.node, address, cached)
    const key = account.held.get(0) ?? [...account.held.values()][0]
    if (key === undefined) throw new Error('no key')
    return { started, directory, key }
  }

  it('reads one key, and sees no change at first', async () => {
    const { started, directory, key } = await setUp({})
    await using _ = started
    expect(await directory.readSequenceNumber(started.node, key, undefined)).toEqual({
      sequenceNumber: 5,
      changed: false,
    })
    expect(started.requests.at(-1)).toBe(
      'GET /v1/accounts/0102030405060708/keys/0?block_height=final',
    )
  })

  it('sees a change when a transaction was signed with this very number', async () => {
    const { started, directory, key } = await setUp({})
    await using _ = started
    directory.noteSigned(started.node, { address, keyIndex: 0, sequenceNumber: 5n })
    const read = () => directory.readSequenceNumber(started.node, key, undefined)
    expect((await read()).changed).toBe(true)
    started.state.rows = [{ sequenceNumber: 6 }]
    expect(await read()).toEqual({ sequenceNumber: 6, changed: false })
  })

  it('sees none in a transaction of another key or another node', async () => {
    const { started, directory, key } = await setUp({})
    await using _ = started
    const elsewhere = { url: 'http://127.0.0.1:9', timeoutMs: 1 }
    directory.noteSigned(started.node, { address, keyIndex: 1, sequenceNumber: 5n })
    directory.noteSigned(elsewhere, { address, keyIndex: 0, sequenceNumber: 5n })
    expect((await directory.readSequenceNumber(started.node, key, undefined)).changed).toBe(false)
  })

  it('sees a change when the key is revoked', async () => {
    const { started, directory, key } = await setUp({})
    await using _ = started
    started.state.rows = [{ revoked: true }]
    expect((await directory.readSequenceNumber(started.node, key, undefined)).changed).toBe(true)
  })

  it('rejects for a number that FCL cannot take', async () => {
    const { started, directory, key } = await setUp({})
    await using _ = started
    // 2⁵³ would lose its last digit as a number.
    started.state.rows = [{ sequenceNumber: 2 ** 53 }]
    const { error } = await rejectionOf(directory.readSequenceNumber(started.node, key, undefined))
    expect(error).toMatchObject({ code: 'ACCESS_NODE_REPLY_INVALID' })
  })
})

describe('bindAccount', () => {
  async function bind(rows: readonly Row[], signers: readonly Signer[] = [signer]) {
    await using started = await startNode(rows)
    return await bindAccount(started.node, address, signers)
  }
  const other = (algorithm: Algorithm) => softKey(algorithm).publicKey

  it('binds by public key, never by position (E2, E3)', async () => {
    const second = createSoftwareSigner({ algorithm: 'ECDSA_secp256k1' })
    const { bytes } = await second.publicKey()
    const rows = [
      { publicKey: other('ECDSA_P256') },
      { publicKey: bytes, signing: 'ECDSA_secp256k1' },
      {},
      { publicKey: bytes, signing: 'ECDSA_secp256k1' },
    ]
    const { held } = await bind(rows, [signer, second])
    expect([...held].map(([index, key]) => [index, key.signers.map(({ id }) => id)])).toEqual([
      [1, [second.id]],
      [2, [signer.id]],
      [3, [second.id]],
    ])
  })

  it('takes the hash algorithm from the chain (E6)', async () => {
    const { held } = await bind([{ hashing: 'SHA2_256' }, {}])
    expect([...held.values()].map(({ hashAlgorithm }) => hashAlgorithm)).toEqual([
      'SHA2_256',
      'SHA3_256',
    ])
  })

  it('leaves out revoked keys and hashes that cannot sign a transaction', async () => {
    const { held, keys } = await bind([{ revoked: true }, { hashing: 'KECCAK_256' }, {}])
    expect([...held.keys()]).toEqual([2])
    expect(keys).toHaveLength(3)
  })

  it('does not bind the same bytes of another curve', async () => {
    await expect(bind([{ signing: 'ECDSA_secp256k1' }])).rejects.toMatchObject({
      code: 'NO_KEY_HELD',
    })
  })

  it('binds one key to all the signers that hold it', async () => {
    const twin = { ...signer, id: 'twin' }
    const { held } = await bind([{}], [signer, twin])
    expect(held.get(0)?.signers).toEqual([signer, twin])
  })

  it('says NO_KEY_HELD, with the ids of the signers, when none is', async () => {
    await expect(bind([{ publicKey: other('ECDSA_P256') }])).rejects.toMatchObject({
      code: 'NO_KEY_HELD',
      context: { address, signerIds: [signer.id] },
    })
  })

  it('binds none of an account that holds the key only revoked', async () => {
    expect((await bind([{ revoked: true }])).held.size).toBe(0)
  })
})
