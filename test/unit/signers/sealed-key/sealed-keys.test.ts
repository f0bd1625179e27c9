import { generateKeyPairSync } from 'node:crypto'
import { inspect } from 'node:util'
import { sealScalar } from '../../../../src/signers/sealed-key/envelope.ts'
import {
  createSealedKeys,
  type SealedKeysOptions,
} from '../../../../src/signers/sealed-key/index.ts'
import { generateScalar } from '../../../../src/signers/sealed-key/private-key.ts'
import { encodeHeader } from '../../../../src/signers/sealed-key/record.ts'
import { boundContext } from '../../../../src/signers/sealed-key/sealing-context.ts'
import { kmsError } from '../../../support/fake-kms.ts'
import { createMapStore, type MapStore } from '../../../support/map-store.ts'
import { createSealingKms, type SealingKms } from '../../../support/sealing-kms.ts'
import { algorithms, bytesOf, hexOf, verifyByElliptic } from '../../crypto/independent.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const
const invalid = { code: 'SEALED_KEY_INVALID', disposition: 'refuse' }
const context = (id: string) => ({ 'fcl-kms': 'sealed-key', wallet: id })

let kms: SealingKms
let store: MapStore
beforeEach(() => {
  kms = createSealingKms()
  store = createMapStore()
})
const open = (more: Partial<SealedKeysOptions> = {}) =>
  createSealedKeys({ kms: kms.client, keyId: kms.arn, store, ...more })
const all = async (list: AsyncIterable<unknown>) => {
  const found: unknown[] = []
  for await (const one of list) found.push(one)
  return found
}
const recordOf = (id: string) => store.records.get(id) ?? new Uint8Array()

describe.each(algorithms)('a wallet of %s', (algorithm) => {
  it.each(['here', 'kms'] as const)(
    'whose key is made %s signs for its public key',
    async (generatedBy) => {
      const made = await open().create('a', { algorithm, generatedBy })
      const form = generatedBy === 'here' ? 'data-key' : 'key-pair'
      expect(made).toMatchObject({ id: 'a', signatureAlgorithm: algorithm, keyArn: kms.arn, form })
      expect(made.publicKey).toMatch(/^[0-9a-f]{128}$/)
      const signer = open().signer('a')
      const signature = await signer.sign(request)
      const publicKey = bytesOf(made.publicKey)
      expect(verifyByElliptic({ publicKey, algorithm }, message, 'SHA3_256', signature)).toBe(true)
      const told = await signer.publicKey()
      expect([hexOf(told.bytes), told.algorithm]).toEqual([made.publicKey, algorithm])
    },
  )

  it('names its wallet in each call to KMS', async () => {
    await open().create('a', { algorithm })
    await open().create('b', { algorithm, generatedBy: 'kms' })
    await open().signer('a').sign(request)
    for (const operation of ['GenerateDataKey', 'Decrypt'] as const)
      for (const input of kms.inputs(operation))
        expect(input).toMatchObject({ KeyId: kms.arn, EncryptionContext: context('a') })
    expect(kms.inputs('GenerateDataKeyPairWithoutPlaintext')).toMatchObject([
      { KeyId: kms.arn, EncryptionContext: context('b') },
    ])
  })

  it('is bound to a context, by KMS and by its seal', async () => {
    const bound = { context: { enclave: 'mint-signer', a: 'b' } }
    await open(bound).create('a', { algorithm })
    expect(kms.inputs('GenerateDataKey')).toMatchObject([
      { EncryptionContext: { ...context('a'), ...bound.context } },
    ])
    const sameInOtherOrder = { context: { a: 'b', enclave: 'mint-signer' } }
    expect(await open(sameInOtherOrder).signer('a').sign(request)).toHaveLength(64)
    await expect(open().signer('a').sign(request)).rejects.toMatchObject(invalid)
    // A data key that KMS opens in this context, and a seal that does not know of it.
    const { scalar, publicKey } = generateScalar(algorithm)
    const dataKey = new Uint8Array(32).fill(5)
    const wrapped = kms.wrap(kms.arn, { ...context('a'), ...bound.context }, dataKey)
    const facts = { form: 'data-key', id: 'a', algorithm, publicKey, keyArn: kms.arn } as const
    const header = encodeHeader({ ...facts, wrapped })
    for (const [digest, isOurs] of [
      [undefined, false],
      [boundContext(bound.context).digest, true],
    ] as const) {
      const more = digest === undefined ? {} : { context: digest }
      store.records.set('a', sealScalar(dataKey, header, scalar, more))
      const signed = open(bound).signer('a').sign(request)
      if (isOurs) expect(await signed).toHaveLength(64)
      else await expect(signed).rejects.toMatchObject(invalid)
    }
  })

  it('asks KMS once for its first signature, which proves the public key', async () => {
    await open().create('a', { algorithm })
    const before = kms.count('Decrypt')
    const signer = open().signer('a')
    await signer.sign(request)
    expect(kms.count('Decrypt') - before).toBe(1)
    await signer.publicKey()
    await signer.publicKey()
    expect(kms.count('Decrypt') - before).toBe(1)
  })

  it('tells the call to KMS', async () => {
    await open().create('a', { algorithm })
    const reports: unknown[] = []
    await open()
      .signer('a')
      .sign({ ...request, onReport: (report) => reports.push(report) })
    const requestId: unknown = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(reports).toEqual([{ attempts: 1, keyId: kms.arn, requestId }])
  })

  it('leaves nothing of the private key in what it gives out', async () => {
    const secrets: string[] = []
    const spy = { ...store, create: store.create }
    const keys = open({ store: spy })
    const made = await keys.create('a', { algorithm })
    kms.next('Decrypt', (reply) => {
      secrets.push(hexOf(reply['Plaintext'] as Uint8Array))
      return reply
    })
    await keys.signer('a').sign(request)
    const shown = inspect([made, keys, keys.signer('a')], { depth: 9, showHidden: true })
    expect(secrets).toHaveLength(1)
    for (const secret of secrets) expect(shown).not.toContain(secret)
  })
})

describe('a record', () => {
  it('is refused with any single bit flipped, by the same error', async () => {
    await open().create('a', { algorithm: 'ECDSA_P256' })
    const whole = recordOf('a').slice()
    const texts = new Set<string>()
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      store.records.set('a', flipped)
      const thrown: unknown = await open()
        .signer('a')
        .sign(request)
        .catch((error: unknown) => error)
      expect(thrown).toMatchObject(invalid)
      texts.add(String(thrown))
    }
    expect(texts.size).toBe(1)
  }, 120_000)

  it('of one wallet is none of another', async () => {
    await open().create('a', { algorithm: 'ECDSA_P256' })
    await open().create('b', { algorithm: 'ECDSA_P256' })
    const [a, b] = [recordOf('a'), recordOf('b')]
    store.records.set('a', b)
    store.records.set('b', a)
    for (const id of ['a', 'b']) {
      await expect(open().signer(id).sign(request)).rejects.toMatchObject(invalid)
      await expect(open().describe(id)).rejects.toMatchObject(invalid)
    }
    expect(await all(open().list())).toEqual([
      { id: 'a', invalid: true },
      { id: 'b', invalid: true },
    ])
  })

  it('is refused under another name, though all of it is there', async () => {
    await open().create('a', { algorithm: 'ECDSA_P256' })
    const renamed = recordOf('a').slice()
    renamed[8] = 0x62 // b
    store.records.set('b', renamed)
    await expect(open().signer('b').sign(request)).rejects.toMatchObject(invalid)
  })

  it('whose data key was wrapped for another wallet is refused', async () => {
    const spied: Uint8Array[] = []
    kms.next('GenerateDataKey', (reply) => {
      spied.push((reply['Plaintext'] as Uint8Array).slice())
      const CiphertextBlob = kms.wrap(kms.arn, context('b'), spied[0] ?? new Uint8Array())
      return { ...reply, CiphertextBlob }
    })
    // It is proved before it is kept.
    await expect(open().create('a', { algorithm: 'ECDSA_P256' })).rejects.toMatchObject(invalid)
    expect(store.records.size).toBe(0)
  })

  it('whose private key is of another public key is refused by whoever proves it', async () => {
    const [shown, sealed] = [generateScalar('ECDSA_P256'), generateScalar('ECDSA_P256')]
    const dataKey = new Uint8Array(32).fill(5) // which whoever forged it must have had
    const header = encodeHeader({
      form: 'data-key',
      id: 'a',
      algorithm: 'ECDSA_P256',
      publicKey: shown.publicKey,
      keyArn: kms.arn,
      wrapped: kms.wrap(kms.arn, context('a'), dataKey),
    })
    store.records.set('a', sealScalar(dataKey, header, sealed.scalar))
    await expect(open().signer('a').publicKey()).rejects.toMatchObject(invalid)
    await expect(open().signer('a').sign(request)).rejects.toMatchObject(invalid)
    const next = kms.addKey()
    const keys = open({ keyId: next, alsoOpens: [kms.arn] })
    expect(await keys.rewrap(next)).toMatchObject({ rewrapped: 0, invalid: ['a'] })
  })

  it('under a KMS key that is not named is refused, and shown', async () => {
    const other = kms.addKey()
    await open({ keyId: other }).create('a', { algorithm: 'ECDSA_P256' })
    const before = kms.count('Decrypt')
    await expect(open().signer('a').sign(request)).rejects.toMatchObject(invalid)
    await expect(open().signer('a').publicKey()).rejects.toMatchObject(invalid)
    expect(kms.count('Decrypt')).toBe(before)
    expect(await open().describe('a')).toMatchObject({ keyArn: other })
    const signature = await open({ alsoOpens: [other] })
      .signer('a')
      .sign(request)
    expect(signature).toHaveLength(64)
  })

  it('that somebody swaps while a signer is in use is refused', async () => {
    const keys = open()
    await keys.create('a', { algorithm: 'ECDSA_P256' })
    const signer = keys.signer('a')
    await signer.sign(request)
    store.records.delete('a')
    await keys.create('a', { algorithm: 'ECDSA_P256' })
    await expect(signer.sign(request)).rejects.toMatchObject(invalid)
    expect(await keys.signer('a').sign(request)).toHaveLength(64)
  })

  it.each([undefined, new Uint8Array(), new Uint8Array(9_000), new Uint8Array(400)])(
    'that is none of ours is refused (%#)',
    async (bytes) => {
      if (bytes !== undefined) store.records.set('a', bytes)
      const code = bytes === undefined ? 'SEALED_KEY_NOT_FOUND' : 'SEALED_KEY_INVALID'
      await expect(open().signer('a').sign(request)).rejects.toMatchObject({ code })
      await expect(open().describe('a')).rejects.toMatchObject({ code })
    },
  )
})

describe('what KMS answers', () => {
  type Replies = Record<string, unknown>
  const damaged: readonly (readonly [string, string, (reply: Replies) => Replies])[] = [
    ['another key', 'KeyId', (reply) => ({ ...reply, KeyId: `${reply['KeyId']}0` })],
    ['no key', 'KeyId', ({ KeyId: _, ...reply }) => reply],
    ['no plaintext', 'Plaintext', ({ Plaintext: _, ...reply }) => reply],
    ['an empty plaintext', 'Plaintext', (reply) => ({ ...reply, Plaintext: new Uint8Array() })],
  ]
  it.each(damaged)('is refused with %s', async (_, field, step) => {
    const mismatch = { code: 'KMS_REPLY_MISMATCH', context: { field } }
    await open().create('a', { algorithm: 'ECDSA_P256' })
    kms.next('Decrypt', step)
    await expect(open().signer('a').sign(request)).rejects.toMatchObject(mismatch)
    kms.next('GenerateDataKey', step)
    const creating = open().create('b', { algorithm: 'ECDSA_P256' })
    await expect(creating).rejects.toMatchObject(mismatch)
    expect([...store.records.keys()]).toEqual(['a'])
  })

  it('is refused with a data key of 16 bytes', async () => {
    kms.next('GenerateDataKey', (reply) => ({ ...reply, Plaintext: new Uint8Array(16) }))
    const creating = open().create('a', { algorithm: 'ECDSA_P256' })
    await expect(creating).rejects.toMatchObject({ code: 'KMS_REPLY_MISMATCH' })
  })

  it('is refused with another data key than was asked for', async () => {
    await open().create('a', { algorithm: 'ECDSA_P256' })
    for (const length of [31, 32, 33]) {
      kms.next('Decrypt', (reply) => ({ ...reply, Plaintext: new Uint8Array(length).fill(1) }))
      await expect(open().signer('a').sign(request)).rejects.toMatchObject(invalid)
    }
  })

  it.each<readonly [string, (reply: Replies) => Replies]>([
    ['another curve', (reply) => ({ ...reply, KeyPairSpec: 'ECC_NIST_P256' })],
    ['no curve', ({ KeyPairSpec: _, ...reply }) => reply],
    ['another key', (reply) => ({ ...reply, KeyId: 'arn' })],
    ['no private key', ({ PrivateKeyCiphertextBlob: _, ...reply }) => reply],
  ])('is refused with a key pair of %s', async (_, step) => {
    kms.next('GenerateDataKeyPairWithoutPlaintext', step)
    const creating = open().create('a', { algorithm: 'ECDSA_secp256k1', generatedBy: 'kms' })
    await expect(creating).rejects.toMatchObject({ code: 'KMS_REPLY_MISMATCH' })
    expect(store.records.size).toBe(0)
  })

  it('is refused with a key pair whose public key is on the other curve', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const PublicKey = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    kms.next('GenerateDataKeyPairWithoutPlaintext', (reply) => ({ ...reply, PublicKey }))
    const creating = open().create('a', { algorithm: 'ECDSA_secp256k1', generatedBy: 'kms' })
    await expect(creating).rejects.toMatchObject({
      code: 'KMS_REPLY_MISMATCH',
      context: { field: 'PublicKey' },
    })
  })

  it('is overwritten where it gave a data key', async () => {
    const given: Uint8Array[] = []
    const keep = (reply: Replies) => {
      given.push(reply['Plaintext'] as Uint8Array)
      return reply
    }
    kms.next('GenerateDataKey', keep)
    kms.next('Decrypt', keep, keep)
    await open().create('a', { algorithm: 'ECDSA_P256' })
    await open().signer('a').sign(request)
    expect(given.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true, true, true])
  })

  it('is a private key of another public key: refused when it signs', async () => {
    const keys = open()
    await keys.create('a', { algorithm: 'ECDSA_P256', generatedBy: 'kms' })
    kms.next('GenerateDataKeyPairWithoutPlaintext')
    await keys.create('b', { algorithm: 'ECDSA_P256', generatedBy: 'kms' })
    kms.next('Decrypt', (reply) => ({ ...reply, Plaintext: new Uint8Array(138).fill(3) }))
    await expect(keys.signer('a').sign(request)).rejects.toMatchObject(invalid)
  })

  it.each([
    ['DisabledException', 'KEY_DISABLED', 'hold'],
    ['KMSInvalidStateException', 'KEY_STATE_INVALID', 'hold'],
    ['AccessDeniedException', 'KMS_ACCESS_DENIED', 'hold'],
    ['NotFoundException', 'KEY_NOT_FOUND', 'fail'],
    ['InvalidKeyUsageException', 'KEY_USAGE_UNSUPPORTED', 'fail'],
    ['InvalidCiphertextException', 'SEALED_KEY_INVALID', 'refuse'],
    ['IncorrectKeyException', 'SEALED_KEY_INVALID', 'refuse'],
  ])('is %s: %s, and nothing is kept', async (name, code, disposition) => {
    const keys = open()
    await keys.create('a', { algorithm: 'ECDSA_P256' })
    kms.next('Decrypt', kmsError(name))
    await expect(keys.signer('a').sign(request)).rejects.toMatchObject({ code, disposition })
    expect(await keys.signer('a').sign(request)).toHaveLength(64)
    kms.next(
      'GenerateDataKey',
      kmsError(name === 'InvalidCiphertextException' ? 'DisabledException' : name),
    )
    await expect(keys.create('b', { algorithm: 'ECDSA_P256' })).rejects.toMatchObject({})
    expect([...store.records.keys()]).toEqual(['a'])
  })

  it.each(['GenerateDataKey', 'Decrypt'] as const)(
    'is nothing to %s: it has an end',
    async (name) => {
      const keys = open({ requestTimeoutMs: 30, totalTimeoutMs: 60 })
      await open().create('a', { algorithm: 'ECDSA_P256' })
      kms.next(name, ...Array.from({ length: 100 }, () => 'hang' as const))
      const asked =
        name === 'Decrypt'
          ? keys.signer('a').sign(request)
          : keys.create('b', { algorithm: 'ECDSA_P256' })
      await expect(asked).rejects.toMatchObject({ code: 'KMS_TIMEOUT' })
    },
  )
})

it.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('x')
    },
  ],
  ['gives nothing', () => undefined],
  ['gives no document', () => ({ open: (bytes: Uint8Array) => bytes })],
  ['gives an empty document', () => ({ document: new Uint8Array(), open: () => undefined })],
  ['cannot open', () => ({ document: Uint8Array.of(1) })],
])('a recipient that %s ends the call, and KMS is not asked', async (_, attest) => {
  const keys = open({ recipient: { attest: attest as never } })
  await expect(keys.create('a', { algorithm: 'ECDSA_P256' })).rejects.toMatchObject({
    code: 'SECURITY_MODULE_REPLY_INVALID',
  })
  expect(kms.inputs('GenerateDataKey')).toEqual([])
})

describe('options', () => {
  it.each<readonly [string, object]>([
    ['kmss', { kmss: 1 }],
    ['kms', { kms: undefined }],
    ['store', { store: undefined }],
    ['store', { store: {} }],
    ['storeTimeoutMs', { storeTimeoutMs: 0 }],
    ['totalTimeoutMs', { totalTimeoutMs: -1 }],
    ['alsoOpens', { alsoOpens: 'arn' }],
    ['dataKeyCache.maxKeys', { dataKeyCache: { maxKeys: 0, maxAgeMs: 1, maxUses: 1 } }],
    ['dataKeyCache.maxAgeMs', { dataKeyCache: { maxKeys: 1, maxUses: 1 } }],
    ['dataKeyCache.maxUses', { dataKeyCache: { maxKeys: 1, maxAgeMs: 1, maxUses: 1.5 } }],
    ['maxSize', { dataKeyCache: { maxSize: 1 } }],
    ['recipient', { recipient: {} }],
    ['recipient', { recipient: null }],
    ['context', { context: 'enclave' }],
    ['context', { context: ['enclave'] }],
    ['context', { context: new Map([['enclave', 'a']]) }],
    ['context', { context: { [Symbol('enclave')]: 'a' } }],
    ['context', { context: Object.create({ enclave: 'a' }) }],
    ['context', { context: JSON.parse('{"__proto__":"a"}') }],
    ['context', { context: { wallet: 'b' } }],
    ['context', { context: { 'fcl-kms': 'x' } }],
    ['context', { context: { 'aws:x': 'x' } }],
    ['context', { context: { 'a b': 'x' } }],
    ['context', { context: { enclave: '' } }],
    ['context', { context: { enclave: 7 } }],
    ['context', { context: { enclave: 'ä' } }],
    ['context', { context: Object.fromEntries('abcdefghi'.split('').map((n) => [n, n])) }],
  ])('with a wrong %s are refused (%#)', (option, more) => {
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTION',
      context: expect.objectContaining({ option }),
    })
    expect(() => open(more)).toThrow(refusal)
  })

  it.each(['alias/wallets', '1234abcd-12ab-34cd-56ef-1234567890ab', '', 'key', 7])(
    'with %j for the ARN of a key are refused, and it is not shown',
    async (keyId) => {
      const refusal = expect.objectContaining({ code: 'INVALID_KEY_ID' })
      expect(() => open({ keyId: keyId as string })).toThrow(refusal)
      expect(() => open({ alsoOpens: [keyId as string] })).toThrow(refusal)
      await expect(open().rewrap(keyId as string)).rejects.toMatchObject({ code: 'INVALID_KEY_ID' })
    },
  )

  it.each(['', 'a b', '../a', 'a/b', 'a\\b', 'ä', 'a\n', 'x'.repeat(81), 7, undefined, null, {}])(
    'do not take %j for an id',
    async (given) => {
      const id = given as string
      const refusal = { code: 'INVALID_OPTION', context: { option: 'id' } }
      const keys = open()
      await expect(keys.create(id, { algorithm: 'ECDSA_P256' })).rejects.toMatchObject(refusal)
      await expect(keys.describe(id)).rejects.toMatchObject(refusal)
      await expect(keys.forget(id)).rejects.toMatchObject(refusal)
      expect(() => keys.signer(id)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    },
  )

  it('of creating are known', async () => {
    const create = (options: object) => open().create('a', options as { algorithm: 'ECDSA_P256' })
    const refusal = { code: 'INVALID_OPTION' }
    await expect(create({})).rejects.toMatchObject(refusal)
    await expect(create({ algorithm: 'RSA' })).rejects.toMatchObject(refusal)
    await expect(create({ algorithm: 'ECDSA_P256', curve: 1 })).rejects.toMatchObject(refusal)
    await expect(create({ algorithm: 'ECDSA_P256', generatedBy: 'me' })).rejects.toMatchObject(
      refusal,
    )
    await expect(create({ algorithm: 'ECDSA_P256', signal: 1 })).rejects.toMatchObject(refusal)
    expect(kms.count('GenerateDataKey')).toBe(0)
  })
})

describe('wallets', () => {
  it('are created once', async () => {
    const keys = open()
    const made = await keys.create('a', { algorithm: 'ECDSA_P256' })
    const again = keys.create('a', { algorithm: 'ECDSA_secp256k1' })
    await expect(again).rejects.toMatchObject({ code: 'SEALED_KEY_EXISTS', context: { id: 'a' } })
    expect(kms.count('GenerateDataKey')).toBe(1)
    expect(await keys.describe('a')).toEqual(made)
  })

  it('are created by one of many who try together', async () => {
    const keys = open()
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => keys.create('a', { algorithm: 'ECDSA_P256' })),
    )
    const made = tries.filter(({ status }) => status === 'fulfilled')
    expect(made).toMatchObject([{ value: await keys.describe('a') }])
    for (const one of tries)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'SEALED_KEY_EXISTS' })
  })

  it('are listed by what is open, without KMS', async () => {
    const keys = open()
    const made = []
    for (const id of ['a', 'b', 'c']) made.push(await keys.create(id, { algorithm: 'ECDSA_P256' }))
    const before = kms.count('Decrypt')
    expect(await all(keys.list())).toEqual(made)
    expect(kms.count('Decrypt')).toBe(before)
  })

  it('that are forgotten sign no more, in any process', async () => {
    const keys = open()
    await keys.create('a', { algorithm: 'ECDSA_P256' })
    const signer = open({ dataKeyCache: { maxKeys: 9, maxAgeMs: 60_000, maxUses: 9 } }).signer('a')
    await signer.sign(request)
    expect(await keys.forget('a')).toBe(true)
    expect(await keys.forget('a')).toBe(false)
    await expect(signer.sign(request)).rejects.toMatchObject({ code: 'SEALED_KEY_NOT_FOUND' })
    expect(await all(keys.list())).toEqual([])
  })

  it('that are forgotten leave no data key in the cache', async () => {
    const keys = open({ dataKeyCache: { maxKeys: 10, maxAgeMs: 60_000, maxUses: 100 } })
    await keys.create('a', { algorithm: 'ECDSA_P256' })
    const signer = keys.signer('a')
    await signer.sign(request)
    await signer.sign(request)
    const [asked, record] = [kms.count('Decrypt'), recordOf('a')]
    await keys.forget('a')
    store.records.set('a', record)
    await signer.sign(request)
    expect(kms.count('Decrypt')).toBe(asked + 1)
  })

  it('can be forgotten when their record is damaged', async () => {
    store.records.set('a', new Uint8Array(10))
    expect(await open().forget('a')).toBe(true)
    expect(store.records.size).toBe(0)
  })
})
