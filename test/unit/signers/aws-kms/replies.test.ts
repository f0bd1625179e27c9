/** Answers of KMS that must not be believed (K9, K10). @module */
import { createAwsKmsSigner } from '../../../../src/signers/aws-kms/index.ts'
import { createFakeKms, type FakeKms, type FakeKmsKey } from '../../../support/fake-kms.ts'
import {
  type Algorithm,
  algorithms,
  bytesOf,
  derOf,
  digestOf,
  hexOf,
  orderOf,
  softKey,
  verifyByElliptic,
} from '../../crypto/independent.ts'
import { derVectors } from '../../crypto/vectors.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const

async function ready(algorithm: Algorithm = 'ECDSA_secp256k1') {
  const kms = createFakeKms()
  const key = kms.addKey({ algorithm })
  const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn })
  await signer.publicKey()
  return { kms, key, signer }
}
const signatureOf = (reply: Record<string, unknown>) => reply['Signature'] as Uint8Array

describe('the request to sign', () => {
  it.each(algorithms)('is the digest, with the pinned ARN (%s)', async (algorithm) => {
    const { kms, key, signer } = await ready(algorithm)
    for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const)
      await signer.sign({ message, hashAlgorithm })
    expect(kms.inputs('Sign')).toEqual(
      (['SHA2_256', 'SHA3_256'] as const).map((hash) => ({
        KeyId: key.arn,
        Message: digestOf(message, hash),
        MessageType: 'DIGEST',
        SigningAlgorithm: 'ECDSA_SHA_256',
      })),
    )
  })

  it('is reported with its request id, its key and its attempts', async () => {
    const { kms, key, signer } = await ready()
    kms.next('Sign', (reply) => ({ ...reply, $metadata: { requestId: 'the-id', attempts: 2 } }))
    const reports: unknown[] = []
    await signer.sign({ ...request, onReport: (report) => reports.push(report) })
    expect(reports).toEqual([{ requestId: 'the-id', keyId: key.arn, attempts: 2 }])
  })
})

describe('a signature from KMS', () => {
  it.each(algorithms)('with a high s is brought into its low form (%s)', async (algorithm) => {
    const { kms, key, signer } = await ready(algorithm)
    const order = orderOf(algorithm)
    kms.next('Sign', (reply, { Message = new Uint8Array() }) => {
      const { r, s } = key.sign(Message)
      return { ...reply, Signature: derOf(r, s > order / 2n ? s : order - s) }
    })
    const signature = await signer.sign(request)
    expect(BigInt(`0x${hexOf(signature.slice(32))}`) <= order / 2n).toBe(true)
    expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
  })

  type Change = (der: Uint8Array, digest: Uint8Array, key: FakeKmsKey) => unknown
  const n = orderOf('ECDSA_secp256k1')
  const refused: readonly (readonly [string, string, Change])[] = [
    [
      'of another key',
      'SIGNATURE_INVALID',
      (_, digest) => softKey('ECDSA_secp256k1').sign(digest).der,
    ],
    [
      'of another digest',
      'SIGNATURE_INVALID',
      (_, digest, key) => key.sign(digest.map((b, at) => (at === 0 ? b ^ 1 : b))).der,
    ],
    [
      'of a digest hashed again (moto)',
      'SIGNATURE_INVALID',
      (_, digest, key) => key.sign(digestOf(digest, 'SHA2_256')).der,
    ],
    [
      'with r and s exchanged',
      'SIGNATURE_INVALID',
      (_, digest, key) => derOf(key.sign(digest).s, key.sign(digest).r),
    ],
    ['with r = 0', 'MALFORMED_SIGNATURE', (_, digest, key) => derOf(0n, key.sign(digest).s)],
    ['with s = 0', 'MALFORMED_SIGNATURE', (_, digest, key) => derOf(key.sign(digest).r, 0n)],
    ['with s = n', 'MALFORMED_SIGNATURE', (_, digest, key) => derOf(key.sign(digest).r, n)],
    [
      'with s + n',
      'MALFORMED_SIGNATURE',
      (_, digest, key) => {
        const { r, s } = key.sign(digest)
        return derOf(r, s + n)
      },
    ],
    [
      'with a negative s',
      'MALFORMED_SIGNATURE',
      (_, digest, key) => derOf(key.sign(digest).r, -1n),
    ],
    ['in BER', 'MALFORMED_SIGNATURE', (der) => new Uint8Array([0x30, 0x81, ...der.slice(1)])],
    ['with a trailing byte', 'MALFORMED_SIGNATURE', (der) => new Uint8Array([...der, 0])],
    ['cut short', 'MALFORMED_SIGNATURE', (der) => der.slice(0, -1)],
    ['that is raw', 'MALFORMED_SIGNATURE', () => new Uint8Array(64).fill(1)],
    ['that is empty', 'MALFORMED_SIGNATURE', () => new Uint8Array()],
    ['of 10 MB', 'MALFORMED_SIGNATURE', () => new Uint8Array(10_000_000)],
    ['that is missing', 'KMS_REPLY_MISMATCH', () => undefined],
    ['that is base64 text', 'KMS_REPLY_MISMATCH', (der) => Buffer.from(der).toString('base64')],
    ['that is an array', 'KMS_REPLY_MISMATCH', (der) => [...der]],
  ]
  it.each(refused)('%s is refused with %s after one call', async (_, code, change) => {
    const { kms, key, signer } = await ready()
    kms.always('Sign', (reply, { Message = new Uint8Array() }) => ({
      ...reply,
      Signature: change(signatureOf(reply), Message, key),
    }))
    await expect(signer.sign(request)).rejects.toMatchObject({ code, disposition: 'refuse' })
    expect(kms.count('Sign')).toBe(1)
  })

  it('of any refused vector is refused', async () => {
    const { kms, signer } = await ready()
    for (const { der, id, algorithm } of derVectors.refused) {
      if (algorithm !== 'ECDSA_secp256k1') continue
      kms.next('Sign', (reply) => ({ ...reply, Signature: bytesOf(der) }))
      const error = await signer.sign(request).catch((thrown: unknown) => thrown)
      expect([id, error]).toEqual([id, expect.objectContaining({ code: 'MALFORMED_SIGNATURE' })])
    }
  })
})

describe('a reply to Sign', () => {
  const rows: readonly (readonly [string, string, (arn: string) => unknown])[] = [
    ['KeyId', 'of another key', (arn) => arn.replace(/.$/, 'g')],
    ['KeyId', 'of another Region', (arn) => arn.replace('us-east-1', 'eu-west-1')],
    ['KeyId', 'that is no ARN', (arn) => arn.split('/')[1]],
    ['KeyId', 'that is missing', () => undefined],
    ['SigningAlgorithm', 'that was not asked for', () => 'ECDSA_SHA_384'],
    ['SigningAlgorithm', 'that is missing', () => undefined],
  ]
  it.each(rows)(
    'with a %s %s is refused, though its signature is good',
    async (field, _, value) => {
      const { kms, key, signer } = await ready()
      kms.next('Sign', (reply) => ({ ...reply, [field]: value(key.arn) }))
      await expect(signer.sign(request)).rejects.toMatchObject({
        code: 'KMS_REPLY_MISMATCH',
        disposition: 'refuse',
        context: { field },
      })
    },
  )
})

describe('a reply to GetPublicKey', () => {
  type Change = (reply: Record<string, unknown>, kms: FakeKms) => Record<string, unknown>
  const rows: readonly (readonly [string, string, Change])[] = [
    [
      'of another key',
      'KMS_REPLY_MISMATCH',
      (reply, kms) => ({ ...reply, KeyId: kms.addKey({ algorithm: 'ECDSA_P256' }).arn }),
    ],
    ['of no key', 'KMS_REPLY_MISMATCH', ({ KeyId: _, ...reply }) => reply],
    [
      'whose spec is not that of its curve',
      'KMS_REPLY_MISMATCH',
      (reply) => ({ ...reply, KeySpec: 'ECC_SECG_P256K1' }),
    ],
    [
      'of the other curve',
      'KMS_REPLY_MISMATCH',
      (reply) => ({ ...reply, PublicKey: softKey('ECDSA_secp256k1').spki }),
    ],
    [
      'with a point off the curve',
      'MALFORMED_PUBLIC_KEY',
      (reply) => ({
        ...reply,
        PublicKey: (reply['PublicKey'] as Uint8Array).map((b, at) => (at === 90 ? b ^ 1 : b)),
      }),
    ],
    [
      'with 64 raw bytes',
      'MALFORMED_PUBLIC_KEY',
      (reply) => ({ ...reply, PublicKey: softKey('ECDSA_P256').publicKey }),
    ],
    ['without a key', 'MALFORMED_PUBLIC_KEY', ({ PublicKey: _, ...reply }) => reply],
    ['of an RSA key', 'KEY_SPEC_UNSUPPORTED', (reply) => ({ ...reply, KeySpec: 'RSA_2048' })],
    ['of a P-384 key', 'KEY_SPEC_UNSUPPORTED', (reply) => ({ ...reply, KeySpec: 'ECC_NIST_P384' })],
    [
      'of an Ed25519 key',
      'KEY_SPEC_UNSUPPORTED',
      (reply) => ({ ...reply, KeySpec: 'ECC_NIST_EDWARDS25519' }),
    ],
    [
      'of a spec that is a property of every object',
      'KEY_SPEC_UNSUPPORTED',
      (reply) => ({ ...reply, KeySpec: 'constructor' }),
    ],
    ['of no spec', 'KEY_SPEC_UNSUPPORTED', ({ KeySpec: _, ...reply }) => reply],
    [
      'of a key agreement key',
      'KEY_USAGE_UNSUPPORTED',
      (reply) => ({ ...reply, KeyUsage: 'KEY_AGREEMENT' }),
    ],
    ['of no usage', 'KEY_USAGE_UNSUPPORTED', ({ KeyUsage: _, ...reply }) => reply],
  ]
  it.each(rows)('%s is refused with %s, and nothing is signed', async (_, code, change) => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    kms.always('GetPublicKey', (reply) => change(reply, kms))
    const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn })
    await expect(signer.sign(request)).rejects.toMatchObject({ code })
    expect(kms.count('Sign')).toBe(0)
    expect(kms.count('GetPublicKey')).toBe(1)
  })

  it('with a spec of 100,000 characters makes an error of few', async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    kms.always('GetPublicKey', (reply) => ({ ...reply, KeySpec: 'x'.repeat(100_000) }))
    const signer = createAwsKmsSigner({ client: kms.client, keyId: key.arn })
    const error = await signer.publicKey().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'KEY_SPEC_UNSUPPORTED' })
    expect(String(error).length).toBeLessThan(1_000)
  })

  it('for a key id must be of that key id', async () => {
    const kms = createFakeKms()
    const [key, other] = [
      kms.addKey({ algorithm: 'ECDSA_P256' }),
      kms.addKey({ algorithm: 'ECDSA_P256' }),
    ]
    const signer = createAwsKmsSigner({ client: kms.client, keyId: key.keyId })
    kms.next('GetPublicKey', (reply) => ({ ...reply, KeyId: other.arn, PublicKey: other.spki }))
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'KMS_REPLY_MISMATCH' })
    expect((await signer.publicKey()).bytes).toEqual(key.publicKey)
  })
})
