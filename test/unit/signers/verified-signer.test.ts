import type { Signer } from '../../../src/signers/signer.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { createVerifiedSigner } from '../../../src/signers/verified-signer.ts'
import {
  type Algorithm,
  algorithms,
  bytes32,
  digestOf,
  hexOf,
  orderOf,
  softKey,
} from '../crypto/independent.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const

/** A signer written by hand, as anyone may, whose answers are given. */
function answering(algorithm: Algorithm, change: (raw: Uint8Array) => unknown = (raw) => raw) {
  const key = softKey(algorithm)
  const calls = { publicKey: 0, sign: 0 }
  const signer: Signer = {
    id: 'by-hand',
    async publicKey() {
      calls.publicKey += 1
      return { bytes: key.publicKey, algorithm }
    },
    async sign({ message: given, hashAlgorithm }) {
      calls.sign += 1
      const { r, s } = key.sign(digestOf(given, hashAlgorithm))
      const low = s > orderOf(algorithm) / 2n ? orderOf(algorithm) - s : s
      // As JavaScript would answer, past the types.
      return change(new Uint8Array([...bytes32(r), ...bytes32(low)])) as Uint8Array
    },
  }
  return { signer, calls, key }
}
const withS = (raw: Uint8Array, s: bigint) => new Uint8Array([...raw.slice(0, 32), ...bytes32(s)])
const sOf = (raw: Uint8Array) => BigInt(`0x${hexOf(raw.slice(32))}`)

describe('createVerifiedSigner', () => {
  it.each(algorithms)('passes a good signature on (%s)', async (algorithm) => {
    const { signer, calls } = answering(algorithm)
    expect(await createVerifiedSigner(signer).sign(request)).toHaveLength(64)
    expect(calls).toEqual({ publicKey: 1, sign: 1 })
  })

  it.each(algorithms)('brings a high s into its low form (%s)', async (algorithm) => {
    const order = orderOf(algorithm)
    const { signer } = answering(algorithm, (raw) => withS(raw, order - sOf(raw)))
    const signature = await createVerifiedSigner(signer).sign(request)
    expect(sOf(signature) <= order / 2n).toBe(true)
  })

  const order = orderOf('ECDSA_P256')
  it.each<[string, (raw: Uint8Array) => unknown, string]>([
    ['one flipped bit', (raw) => raw.map((b, at) => (at === 5 ? b ^ 1 : b)), 'SIGNATURE_INVALID'],
    [
      'r and s exchanged',
      (raw) => new Uint8Array([...raw.slice(32), ...raw.slice(0, 32)]),
      'SIGNATURE_INVALID',
    ],
    [
      'r = s = 1',
      () => new Uint8Array(64).map((_, at) => (at % 32 === 31 ? 1 : 0)),
      'SIGNATURE_INVALID',
    ],
    ['zeros', () => new Uint8Array(64), 'MALFORMED_SIGNATURE'],
    ['s = n', (raw) => withS(raw, order), 'MALFORMED_SIGNATURE'],
    ['s = 0', (raw) => withS(raw, 0n), 'MALFORMED_SIGNATURE'],
    ['63 bytes', (raw) => raw.slice(1), 'MALFORMED_SIGNATURE'],
    ['65 bytes', (raw) => new Uint8Array([...raw, 0]), 'MALFORMED_SIGNATURE'],
    ['no bytes', () => new Uint8Array(), 'MALFORMED_SIGNATURE'],
    ['nothing (GCP fork of E14)', () => undefined, 'MALFORMED_SIGNATURE'],
    ['hexadecimal text', (raw) => hexOf(raw), 'MALFORMED_SIGNATURE'],
    ['a text of 64 characters', () => 'a'.repeat(64), 'MALFORMED_SIGNATURE'],
  ])('refuses %s, wherever it verifies', async (_, change, code) => {
    for (const isInPool of [false, true]) {
      const { signer } = answering('ECDSA_P256', change)
      const verified = createVerifiedSigner(signer, {}, { isInPool })
      await expect(verified.sign(request)).rejects.toMatchObject({ code })
    }
  })

  it.each(algorithms)(
    'passes a good signature on that it verified in the pool (%s)',
    async (of) => {
      const { signer } = answering(of)
      const verified = createVerifiedSigner(signer, {}, { isInPool: true })
      for (const hashAlgorithm of ['SHA2_256', 'SHA3_256'] as const)
        expect(await verified.sign({ message, hashAlgorithm })).toHaveLength(64)
    },
  )

  it('refuses a signature over the other hash', async () => {
    const { signer } = answering('ECDSA_P256')
    const deaf: Signer = {
      ...signer,
      sign: (asked) => signer.sign({ ...asked, hashAlgorithm: 'SHA2_256' }),
    }
    await expect(createVerifiedSigner(deaf).sign(request)).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
      context: { signerId: 'by-hand' },
    })
  })

  it.each([
    ['63 bytes (E1)', new Uint8Array(63)],
    ['a point off the curve', new Uint8Array(64)],
  ])('refuses a public key of %s before it signs', async (_, bytes) => {
    const { signer, calls } = answering('ECDSA_P256')
    const odd = { ...signer, publicKey: async () => ({ bytes, algorithm: 'ECDSA_P256' as const }) }
    const verified = createVerifiedSigner(odd)
    await expect(verified.sign(request)).rejects.toMatchObject({ code: 'MALFORMED_PUBLIC_KEY' })
    await expect(verified.publicKey()).rejects.toMatchObject({ code: 'MALFORMED_PUBLIC_KEY' })
    expect(calls.sign).toBe(0)
  })

  it('asks for the public key once, whoever asks at the same time', async () => {
    const { signer, calls } = answering('ECDSA_P256')
    const verified = createVerifiedSigner(signer)
    await Promise.all([verified.publicKey(), verified.sign(request), verified.publicKey()])
    await verified.publicKey()
    expect(calls.publicKey).toBe(1)
  })

  it('does not remember a failure', async () => {
    const { signer } = answering('ECDSA_P256')
    let failures = 1
    const verified = createVerifiedSigner({
      ...signer,
      async publicKey() {
        if (failures-- > 0) throw new Error('for now')
        return signer.publicKey()
      },
    })
    await expect(verified.publicKey()).rejects.toThrow('for now')
    expect((await verified.publicKey()).bytes).toHaveLength(64)
  })

  it('keeps the key that it read, whatever the signer does to its array', async () => {
    const { signer, key } = answering('ECDSA_P256')
    const shared = key.publicKey.slice()
    const verified = createVerifiedSigner({
      ...signer,
      publicKey: async () => ({ bytes: shared, algorithm: 'ECDSA_P256' }),
    })
    await verified.publicKey()
    shared.fill(0)
    expect((await verified.publicKey()).bytes).toEqual(key.publicKey)
  })

  it('wraps once', () => {
    const signer = createVerifiedSigner(answering('ECDSA_P256').signer)
    expect(createVerifiedSigner(signer)).toBe(signer)
    const software = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    expect(createVerifiedSigner(software)).toBe(software)
  })

  it('is not taken in by a copy of a verified signer', async () => {
    const real = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    const copy = { ...real, sign: async () => new Uint8Array(64).fill(1) }
    await expect(createVerifiedSigner(copy).sign(request)).rejects.toMatchObject({
      code: 'SIGNATURE_INVALID',
    })
  })
})
