import {
  createSealedKeys,
  type SealedKeyStore,
  type SealedKeysOptions,
} from '../../../../src/signers/sealed-key/index.ts'
import { kmsError } from '../../../support/fake-kms.ts'
import { createMapStore, type MapStore } from '../../../support/map-store.ts'
import { createSealingKms, type SealingKms } from '../../../support/sealing-kms.ts'

const algorithm = 'ECDSA_P256'
let kms: SealingKms
let store: MapStore
beforeEach(() => {
  kms = createSealingKms()
  store = createMapStore()
})
const open = (changed: Partial<SealedKeyStore> = {}, more: Partial<SealedKeysOptions> = {}) =>
  createSealedKeys({
    kms: kms.client,
    keyId: kms.arn,
    store: { ...store, ...changed },
    storeTimeoutMs: 200,
    ...more,
  })
const lost = () => Promise.reject(new Error('the reply was lost, of secret-host'))

describe('creating a wallet', () => {
  it('succeeds when its record is kept and the reply is lost', async () => {
    const made = await open({
      create: (id, record) => store.create(id, record).then(lost),
    }).create('a', { algorithm })
    expect(await open().describe('a')).toEqual(made)
  })

  it('succeeds when a store has sent it twice, and is told that it is there', async () => {
    const made = await open({
      create: (id, record) => store.create(id, record).then(() => store.create(id, record)),
    }).create('a', { algorithm })
    expect(await open().describe('a')).toEqual(made)
  })

  it.each<readonly [string, SealedKeyStore['create']]>([
    ['fails', lost],
    ['never answers', () => new Promise(() => undefined)],
  ])('tells the id when the store %s and nothing is there', async (_, create) => {
    const thrown: unknown = await open({ create })
      .create('a', { algorithm })
      .catch((error: unknown) => error)
    expect(thrown).toMatchObject({
      code: 'SEALED_KEY_UNCERTAIN',
      disposition: 'retry',
      context: { id: 'a' },
    })
    expect(String(thrown)).not.toContain('secret-host')
    expect(await open().create('a', { algorithm })).toMatchObject({ id: 'a' })
  })

  it('does not take a record of somebody else for its own when the reply is lost', async () => {
    await open().create('b', { algorithm })
    const creating = open({
      create: (id) => {
        store.records.set(id, store.records.get('b') ?? new Uint8Array())
        return lost()
      },
    }).create('a', { algorithm })
    await expect(creating).rejects.toMatchObject({ code: 'SEALED_KEY_UNCERTAIN' })
  })

  it('is uncertain when the store says that there is one, and has none', async () => {
    const creating = open({ create: async () => false }).create('a', { algorithm })
    await expect(creating).rejects.toMatchObject({
      code: 'SEALED_KEY_UNCERTAIN',
      context: { id: 'a' },
    })
  })

  it('ends with the reason of a signal that aborts while the store is asked', async () => {
    const controller = new AbortController()
    const create = () => {
      controller.abort(new Error('enough'))
      return new Promise<never>(() => undefined)
    }
    const creating = open({ create }).create('a', { algorithm, signal: controller.signal })
    await expect(creating).rejects.toThrow('enough')
  })

  it('does not lend its own bytes to a store that changes what it is given', async () => {
    const made = await open({
      create: async (id, record) => {
        const kept = await store.create(id, record.slice())
        record.fill(0)
        return kept
      },
    }).create('a', { algorithm })
    expect(await open().describe('a')).toEqual(made)
  })

  it('tells that there is another when that one came first', async () => {
    const other = await open().create('b', { algorithm })
    const taken = open({
      read: async (id) => (store.records.has(id) ? store.records.get(id) : undefined),
      create: async (id) => {
        store.records.set(id, store.records.get('b') ?? new Uint8Array())
        return false
      },
    }).create('a', { algorithm })
    await expect(taken).rejects.toMatchObject({ code: 'SEALED_KEY_EXISTS', context: { id: 'a' } })
    expect(other.id).toBe('b')
  })

  it('keeps nothing when KMS does not open what it has wrapped', async () => {
    kms.next('Decrypt', kmsError('AccessDeniedException'))
    const creating = open().create('a', { algorithm })
    await expect(creating).rejects.toMatchObject({ code: 'KMS_ACCESS_DENIED' })
    expect(store.records.size).toBe(0)
  })

  it('keeps nothing when it is aborted before the store is asked', async () => {
    const controller = new AbortController()
    kms.next('Decrypt', (reply) => {
      controller.abort(new Error('enough'))
      return reply
    })
    const creating = open().create('a', { algorithm, signal: controller.signal })
    await expect(creating).rejects.toThrow('enough')
    expect(store.records.size).toBe(0)
  })
})

/** Pages of which the third leads to the first. */
function circle() {
  let page = 0
  return async () => ({ ids: [], next: `page ${page++ % 3}` })
}

describe('a store', () => {
  it.each<readonly [string, Partial<Record<keyof SealedKeyStore, () => Promise<unknown>>>]>([
    ['read', { read: async () => 'text' }],
    ['read', { read: async () => null }],
    ['create', { create: async () => undefined }],
  ])('whose %s answers something else is told so (%#)', async (operation, changed) => {
    const creating = open(changed as Partial<SealedKeyStore>).create('a', { algorithm })
    await expect(creating).rejects.toMatchObject({
      code: 'STORE_ANSWER_INVALID',
      disposition: 'refuse',
      context: { operation },
    })
  })

  it.each<readonly [string, () => Promise<unknown>]>([
    ['nothing', async () => undefined],
    ['ids that are none', async () => ({ ids: [7] })],
    ['a page that never ends', async () => ({ ids: [], next: 'same' })],
    ['pages in a circle', circle()],
    ['an empty cursor', async () => ({ ids: [], next: '' })],
  ])('whose list answers %s is told so', async (_, list) => {
    const keys = open({ list: list as SealedKeyStore['list'] })
    await expect(keys.rewrap(kms.arn)).rejects.toMatchObject({ code: 'STORE_ANSWER_INVALID' })
  })

  it('that does not answer, or fails, is unavailable, in time', async () => {
    const never = () => new Promise<never>(() => undefined)
    const cases = [{ read: never }, { read: lost }]
    for (const changed of cases)
      await expect(open(changed).describe('a')).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        disposition: 'retry',
        context: { operation: 'read' },
      })
  })
})

describe('wrapping anew', () => {
  const rewrapping = async (changed: Partial<SealedKeyStore> = {}) => {
    const next = kms.addKey()
    return { next, keys: open(changed, { alsoOpens: [next] }) }
  }
  const message = new Uint8Array(8)
  const request = { message, hashAlgorithm: 'SHA3_256' } as const

  it('keeps public keys, and leaves nothing under the old key', async () => {
    const { next, keys } = await rewrapping()
    const before = []
    for (const id of ['a', 'b', 'c'])
      before.push(await keys.create(id, { algorithm, generatedBy: id === 'b' ? 'kms' : 'here' }))
    const seen: unknown[] = []
    const onProgress = (progress: object) => seen.push(progress)
    const result = await keys.rewrap(next, { onProgress })
    expect(result).toEqual({ rewrapped: 3, already: 0, invalid: [] })
    expect(seen).toHaveLength(3)
    for (const { id, publicKey } of before) {
      const form = 'data-key'
      expect(await keys.describe(id)).toMatchObject({ publicKey, keyArn: next, form })
      expect(await keys.signer(id).sign(request)).toHaveLength(64)
    }
    expect(await keys.rewrap(next)).toEqual({ rewrapped: 0, already: 3, invalid: [] })
  })

  it('goes on where it was ended', async () => {
    const { next, keys } = await rewrapping()
    for (let index = 0; index < 10; index++) await keys.create(`w${index}`, { algorithm })
    kms.next(
      'GenerateDataKey',
      (reply) => reply,
      (reply) => reply,
      kmsError('DisabledException'),
    )
    const ended = keys.rewrap(next, { atOnce: 1 })
    await expect(ended).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    for (let index = 0; index < 10; index++)
      expect(await keys.signer(`w${index}`).sign(request)).toHaveLength(64)
    expect(await keys.rewrap(next)).toEqual({ rewrapped: 8, already: 2, invalid: [] })
  })

  it('tells which records do not open, and leaves them', async () => {
    const { next, keys } = await rewrapping()
    await keys.create('a', { algorithm })
    await keys.create('b', { algorithm })
    const damaged = store.records.get('b')?.slice() ?? new Uint8Array()
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] ?? 0) ^ 1
    store.records.set('b', damaged)
    expect(await keys.rewrap(next)).toEqual({ rewrapped: 1, already: 0, invalid: ['b'] })
    expect(store.records.get('b')).toBe(damaged)
  })

  it('does not bring back a wallet that is forgotten meanwhile', async () => {
    const { next, keys } = await rewrapping({
      replace: async (id, expected, bytes) => {
        if (bytes !== undefined) store.records.delete(id)
        return store.replace(id, expected, bytes)
      },
    })
    await keys.create('a', { algorithm })
    expect(await keys.rewrap(next)).toEqual({ rewrapped: 0, already: 0, invalid: [] })
    expect(store.records.size).toBe(0)
  })

  it('is refused for a KMS key that no signer here opens', async () => {
    const refusal = { code: 'INVALID_OPTION', context: { option: 'keyId' } }
    await expect(open().rewrap(kms.addKey())).rejects.toMatchObject(refusal)
    for (const options of [{ atOnce: 0 }, { atOnce: 1.5 }, { atonce: 1 }, { signal: 1 }])
      await expect(open().rewrap(kms.arn, options as object)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
  })

  it('ends when its signal aborts', async () => {
    const { next, keys } = await rewrapping()
    await keys.create('a', { algorithm })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(keys.rewrap(next, { signal })).rejects.toBe(signal.reason)
  })
})
