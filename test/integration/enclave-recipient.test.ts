import { createECDH } from 'node:crypto'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import {
  knownDataKey,
  otherKeyId,
  plaintextBeside,
  plaintextInstead,
  replayed,
} from '../../examples/enclave/local/hostile-kms.ts'
import type { StandInState } from '../../examples/enclave/local/kms-stand-in.ts'
import {
  createNitroChain,
  signDocument,
  unsignedDocument,
} from '../../examples/enclave/local/nitro/documents.ts'
import type { ModuleState } from '../../examples/enclave/local/nitro/security-module.ts'
import { createTlsAuthority } from '../../examples/enclave/local/tls.ts'
import { createRecipient } from '../../src/enclave/index.ts'
import { sealScalar } from '../../src/signers/sealed-key/envelope.ts'
import { createSealedKeys, type SealedKeysOptions } from '../../src/signers/sealed-key/index.ts'
import { encodeHeader, parseRecord } from '../../src/signers/sealed-key/record.ts'
import { boundContext } from '../../src/signers/sealed-key/sealing-context.ts'
import { describeSignerContract } from '../contract/signer-contract.ts'
import {
  KMS_SECRET,
  keyPolicy,
  PCRS,
  startTestEnclave,
  type TestEnclave,
} from '../support/enclave.ts'
import { patient } from '../support/limits.ts'
import { createMapStore } from '../support/map-store.ts'
import { algorithms } from '../unit/crypto/independent.ts'

let enclave: TestEnclave
beforeAll(async () => {
  enclave = await startTestEnclave()
})
afterAll(() => enclave?.[Symbol.asyncDispose]())
beforeEach(() => {
  enclave.module.reset()
  enclave.kms.reset()
})

/** So that a test of a KMS that never answers takes no longer. */
const hasty = { requestTimeoutMs: 300, totalTimeoutMs: 500 }
const context = { enclave: 'test' }
const store = createMapStore()
const open = (more: Partial<SealedKeysOptions> = {}) => {
  const { client: kms, keyArn: keyId, recipient } = enclave
  return createSealedKeys({ ...{ kms, keyId, store, recipient, context }, ...patient, ...more })
}
const request = { message: new Uint8Array(100), hashAlgorithm: 'SHA3_256' } as const
const refusal = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, context: expect.objectContaining(facts) })

describeSignerContract(
  'The sealed key of an enclave',
  async (algorithm) => {
    const own = createMapStore()
    const keys = open({ store: own })
    await keys.create('wallet', { algorithm })
    await keys.create('another', { algorithm })
    const [record, other] = ['wallet', 'another'].map((id) => own.records.get(id))
    const put = async (bytes: Uint8Array = new Uint8Array()) =>
      void own.records.set('wallet', bytes)
    return {
      signer: keys.signer('wallet'),
      hasty: open({ store: own, ...hasty }).signer('wallet'),
      secrets: [KMS_SECRET],
      freeze: async () => enclave.module.set({ reply: () => new Uint8Array() }),
      corrupt: (how) => put(how === 'other-key' ? other : record?.with(-1, ~(record.at(-1) ?? 0))),
      async restore() {
        enclave.module.reset()
        await put(record)
      },
    }
  },
  { faults: ['freeze', 'corrupt'] },
)

describe('an enclave', () => {
  let publicKey: string
  const recordOf = (id: string) => store.records.get(id) ?? new Uint8Array()
  const partsOf = (id: string) => {
    const record = parseRecord(recordOf(id))
    if (record === undefined) throw new Error(`no record of ${id}`)
    return record
  }
  const sign = (more: Partial<SealedKeysOptions> = {}, id = 'a') =>
    open(more).signer(id).sign(request)
  /** What lies there meanwhile, in place of the record of `a`. */
  async function signFrom(bytes: Uint8Array): Promise<Uint8Array> {
    const kept = recordOf('a')
    store.records.set('a', bytes)
    return sign().finally(() => store.records.set('a', kept))
  }

  beforeAll(async () => {
    ;({ publicKey } = await open().create('a', { algorithm: 'ECDSA_P256' }))
    await open().create('b', { algorithm: 'ECDSA_P256' })
  })

  it('asks KMS with a fresh document each time, and is never sent an open key', async () => {
    const seen: object[] = []
    enclave.kms.set({
      tamper({ operation, request: { Recipient }, reply }) {
        seen.push({ operation, Recipient })
        expect(Object.keys(reply)).not.toContain('Plaintext')
        expect(Object.keys(reply)).not.toContain('PrivateKeyPlaintext')
        return reply
      },
    })
    await open().create('fresh', { algorithm: 'ECDSA_secp256k1' })
    await sign()
    await open().create('pair', { algorithm: 'ECDSA_secp256k1', generatedBy: 'kms' })
    expect(enclave.kms.calls()).toEqual(
      ['GenerateDataKey', 'Decrypt', 'Decrypt', 'GenerateDataKeyPair', 'Decrypt'].map(
        (operation) => ({ operation, hasRecipient: true, outcome: 'ok' }),
      ),
    )
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(5)
  })

  it.each(['a', 'b', 'pieces'] as const)('opens what comes in form %s', async (form) => {
    enclave.kms.set({ form })
    expect(await sign()).toHaveLength(64)
  })

  it.each(algorithms)('signs with a pair of %s that KMS made', async (algorithm) => {
    const id = `pair-${algorithm}`
    await open().create(id, { algorithm, generatedBy: 'kms' })
    expect(await sign({}, id)).toHaveLength(64) // and is verified
  })

  it('wraps anew under another KMS key, with its context', async () => {
    const own = createMapStore()
    const { client, keyArn } = enclave
    await open({ store: own }).create('a', { algorithm: 'ECDSA_P256' })
    const next = (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
    const keys = open({ store: own, keyId: next, alsoOpens: [keyArn] })
    expect(await keys.rewrap(next)).toMatchObject({ rewrapped: 1, invalid: [] })
    expect(await open({ store: own, keyId: next }).signer('a').sign(request)).toHaveLength(64)
    expect(enclave.kms.calls().slice(-4)).toEqual(
      ['GenerateDataKey', 'Decrypt', 'Decrypt', 'Decrypt'].map((operation) => ({
        ...{ operation, hasRecipient: true, outcome: 'ok' },
      })),
    )
  })

  it('asks with another document when it asks again', async () => {
    let lost = 1
    enclave.kms.set({
      tamper({ reply }) {
        if (lost-- > 0) throw new Error('the connection breaks')
        return reply
      },
    })
    const before = enclave.module.attested()
    expect(await sign()).toHaveLength(64)
    expect(enclave.module.attested() - before).toBe(2)
  })

  it('signs under a policy that names further measurements', async () => {
    enclave.kms.set({ keyPolicy: keyPolicy(PCRS[0], { PCR1: PCRS[1] ?? '', PCR2: PCRS[2] ?? '' }) })
    expect(await sign()).toHaveLength(64)
    enclave.kms.set({ keyPolicy: keyPolicy(PCRS[0], { PCR8: PCRS[2] ?? '' }) })
    await expect(sign()).rejects.toThrow(refusal('KMS_ACCESS_DENIED'))
  })

  const ago = (ms: number) => () => Date.now() - ms
  it.each<readonly [string, string, Partial<ModuleState>]>([
    ['of another image', 'KMS_ACCESS_DENIED', { pcrs: { ...PCRS, 0: '09'.repeat(48) } }],
    ['in debug mode, whose PCRs are zeros', 'KMS_ACCESS_DENIED', { pcrs: {} }],
    ['whose PCR0 is zero', 'KMS_ACCESS_DENIED', { pcrs: { ...PCRS, 0: '00'.repeat(48) } }],
    ['whose document is five minutes old', 'KMS_REQUEST_INVALID', { now: ago(301_000) }],
    ['whose document is of the future', 'KMS_REQUEST_INVALID', { now: ago(-120_000) }],
    [
      'of another root',
      'KMS_REQUEST_INVALID',
      {
        document: (_, fields) => {
          const chain = createNitroChain()
          const cabundle = chain.slice(0, -1).map(({ certificate }) => certificate)
          const certificate = chain.at(-1)?.certificate
          return signDocument(chain, { ...fields, cabundle, certificate })
        },
      },
    ],
    [
      'whose document nobody signed, as that of QEMU',
      'KMS_REQUEST_INVALID',
      { document: (_, fields) => unsignedDocument(fields) },
    ],
    [
      'without a public key',
      'KMS_REQUEST_INVALID',
      { fields: (f) => ({ ...f, public_key: null }) },
    ],
    ...[100, 1_000, 3_000, -1].map(
      (at) =>
        [
          `whose document has a bit flipped at ${at}`,
          'KMS_REQUEST_INVALID',
          { document: (bytes: Uint8Array) => bytes.with(at, (bytes.at(at) ?? 0) ^ 1) },
        ] as const,
    ),
    ['whose module is none', 'SECURITY_MODULE_REPLY_INVALID', { reply: () => Uint8Array.of(0xa0) }],
  ])('%s signs nothing', async (_, code, state) => {
    enclave.module.set(state)
    await expect(sign()).rejects.toThrow(refusal(code))
    await expect(open().create('c', { algorithm: 'ECDSA_P256' })).rejects.toThrow(refusal(code))
    expect(store.records.has('c')).toBe(false)
  })

  it('opens nothing with the document of another, whoever kept it', async () => {
    const { securityModule } = enclave
    const { document } = await createRecipient({ securityModule }).attest()
    enclave.module.set({ document: () => document })
    await expect(sign()).rejects.toThrow(refusal('RECIPIENT_CIPHERTEXT_INVALID'))
  })

  it('is needed: without a recipient nobody opens its keys, and with one nobody else', async () => {
    const { recipient: _, ...anybody } = { ...patient, ...enclave, context }
    const keys = createSealedKeys({
      ...{ kms: anybody.client, keyId: anybody.keyArn, store, context, ...patient },
    })
    await expect(keys.signer('a').sign(request)).rejects.toThrow(refusal('KMS_ACCESS_DENIED'))
    expect(enclave.kms.calls()).toEqual([
      { operation: 'Decrypt', hasRecipient: false, outcome: 'AccessDeniedException' },
    ])
    const straight = { kms: enclave.aws.clientConfig() }
    const ignored = refusal('KMS_RECIPIENT_IGNORED', { field: 'Plaintext' })
    await expect(sign(straight)).rejects.toThrow(ignored)
    const pair = { algorithm: 'ECDSA_P256', generatedBy: 'kms' } as const
    await expect(open(straight).create('c', pair)).rejects.toThrow(
      refusal('KMS_RECIPIENT_IGNORED', { field: 'PrivateKeyPlaintext' }),
    )
  })

  const known = new Uint8Array(32).fill(7)
  it.each<readonly [string, string, object, StandInState['tamper']]>([
    ['the open key, too', 'KMS_RECIPIENT_IGNORED', { field: 'Plaintext' }, plaintextBeside],
    ['the open key only', 'KMS_RECIPIENT_IGNORED', { field: 'Plaintext' }, plaintextInstead],
    [
      'no key',
      'KMS_REPLY_MISMATCH',
      { field: 'CiphertextForRecipient' },
      ({ reply: { CiphertextForRecipient: _, ...others } }) => others,
    ],
    ['another KeyId', 'KMS_REPLY_MISMATCH', { field: 'KeyId' }, otherKeyId],
    ['a data key that it knows', 'SEALED_KEY_INVALID', { id: 'a' }, knownDataKey(known)],
    [
      'a bit flipped',
      'RECIPIENT_CIPHERTEXT_INVALID',
      {},
      ({ reply }) => {
        const bytes = Buffer.from(String(reply['CiphertextForRecipient']), 'base64')
        bytes[200] = (bytes[200] ?? 0) ^ 1
        return { ...reply, CiphertextForRecipient: bytes.toString('base64') }
      },
    ],
  ])('signs nothing when KMS answers with %s', async (_, code, facts, tamper) => {
    enclave.kms.set({ tamper })
    await expect(sign()).rejects.toThrow(refusal(code, facts))
  })

  it('signs nothing when KMS answers what it answered about another key', async () => {
    enclave.kms.set({ tamper: replayed() })
    expect(await sign({}, 'b')).toHaveLength(64)
    await expect(sign()).rejects.toThrow(refusal('SEALED_KEY_INVALID', { id: 'a' }))
  })

  it('seals nothing under a data key that somebody else knows', async () => {
    enclave.kms.set({
      tamper: (exchange) =>
        exchange.operation === 'GenerateDataKey' ? knownDataKey(known)(exchange) : exchange.reply,
    })
    await expect(open().create('c', { algorithm: 'ECDSA_P256' })).rejects.toThrow(
      refusal('SEALED_KEY_INVALID', { id: 'c' }),
    )
    expect(store.records.has('c')).toBe(false)
  })

  it.each<readonly [string, string, StandInState['tamper']]>([
    ['whose private key is another', 'KMS_REPLY_MISMATCH', knownDataKey(known)],
    [
      'whose public key is another',
      'KMS_REPLY_MISMATCH',
      ({ reply }) => {
        const spki = Buffer.from(String(reply['PublicKey']), 'base64')
        const ecdh = createECDH('prime256v1')
        ecdh.generateKeys().copy(spki, spki.length - 65)
        return { ...reply, PublicKey: spki.toString('base64') }
      },
    ],
    [
      'that does not open',
      'SEALED_KEY_INVALID',
      ({ operation, reply }) =>
        operation === 'GenerateDataKeyPair'
          ? {
              ...reply,
              PrivateKeyCiphertextBlob: Buffer.from(partsOf('a').wrapped).toString('base64'),
            }
          : reply,
    ],
  ])('keeps no pair of KMS %s', async (_, code, tamper) => {
    enclave.kms.set({ tamper })
    const pair = { algorithm: 'ECDSA_P256', generatedBy: 'kms' } as const
    await expect(open().create('c', pair)).rejects.toThrow(refusal(code))
    expect(store.records.has('c')).toBe(false)
  })

  it('signs from no record of another wallet, under either name', async () => {
    const invalid = refusal('SEALED_KEY_INVALID', { id: 'a' })
    await expect(signFrom(recordOf('b'))).rejects.toThrow(invalid)
    const renamed = { ...partsOf('b'), id: 'a' }
    const bytes = Buffer.concat([encodeHeader(renamed), renamed.body])
    await expect(signFrom(new Uint8Array(bytes))).rejects.toThrow(invalid)
  })

  it.each([{ enclave: 'other' }, { ENCLAVE: 'test' }, { ...context, more: 'x' }, {}])(
    'signs nothing where the context is %j',
    async (other) => {
      await expect(sign({ context: other })).rejects.toThrow(refusal('SEALED_KEY_INVALID'))
    },
  )

  it('signs from no record whose public key is not that of its private key', async () => {
    let dataKey = new Uint8Array()
    enclave.kms.set({
      tamper({ plaintext, reply }) {
        dataKey = new Uint8Array(plaintext)
        return reply
      },
    })
    await sign()
    const other = createECDH('prime256v1')
    const header = encodeHeader({
      ...partsOf('a'),
      publicKey: new Uint8Array(other.generateKeys().subarray(1)),
    })
    const scalar = new Uint8Array(32).fill(1)
    const bytes = sealScalar(dataKey, header, scalar, { context: boundContext(context).digest })
    const invalid = refusal('SEALED_KEY_INVALID', { id: 'a' })
    await expect(signFrom(bytes)).rejects.toThrow(invalid)
    await expect(signFrom(bytes.with(-1, 0))).rejects.toThrow(invalid)
  })

  it('that knows its public key signs with no other, whoever sealed that one', async () => {
    const signer = open().signer('a')
    await signer.publicKey()
    const kept = recordOf('a')
    store.records.set('a', new Uint8Array(Buffer.concat([headerOfOther(), partsOf('a').body])))
    await expect(signer.sign(request)).rejects.toThrow(refusal('SEALED_KEY_INVALID', { id: 'a' }))
    store.records.set('a', kept)
    expect(Buffer.from((await signer.publicKey()).bytes).toString('hex')).toBe(publicKey)
  })
  const headerOfOther = () => encodeHeader({ ...partsOf('a'), publicKey: partsOf('b').publicKey })

  it.each([
    ['of another name', { host: 'kms.eu-west-1.amazonaws.com' }],
    ['of another authority', { ca: createTlsAuthority().ca }],
  ])('tells nothing to a KMS %s', async (_, change) => {
    const kms = enclave.clientTo(change)
    await expect(sign({ kms, ...hasty })).rejects.toThrow(refusal('KMS_UNAVAILABLE'))
    expect(enclave.kms.calls()).toEqual([])
  })
})
