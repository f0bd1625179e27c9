/** What every signer keeps to, whatever is behind it: one suite, run by each backend. @module */
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { inspect } from 'node:util'
import type { Signer, SignReport } from '../../src/signers/signer.ts'
import { createVerifiedSigner } from '../../src/signers/verified-signer.ts'
import { hashes, hexOf, orderOf, verifyByElliptic } from '../unit/crypto/independent.ts'

/** A signer under test. */
export type ContractSubject = {
  readonly signer: Signer
  /** Texts of the backend (private key, credentials) that no error and no signer may show. */
  readonly secrets?: readonly string[]
}

type Request = Parameters<Signer['sign']>[0]

const message = new TextEncoder().encode('FLOW-V0.0-user, as it were: a message of the contract')
const flipped = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))

/** Resolves to what the promise rejects with. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )

/**
 * @param makeSigner - Called once; each test uses the same signer, as an application does.
 */
export function describeSignerContract(
  name: string,
  makeSigner: () => Promise<ContractSubject>,
): void {
  describe(`${name} keeps the signer contract`, () => {
    let signer: Signer
    let secrets: readonly string[]
    beforeAll(async () => {
      const subject = await makeSigner()
      signer = subject.signer
      secrets = subject.secrets ?? []
    })

    const key = async () => {
      const { bytes, algorithm } = await signer.publicKey()
      return { publicKey: bytes, algorithm }
    }
    const sign = (more: Partial<Request> = {}) =>
      signer.sign({ message, hashAlgorithm: 'SHA3_256', ...more })

    it('has a public key of 64 bytes on one of the two curves', async () => {
      const { publicKey, algorithm } = await key()
      expect(publicKey).toHaveLength(64)
      expect(['ECDSA_P256', 'ECDSA_secp256k1']).toContain(algorithm)
      expect(() => opensslKey(publicKey, algorithm)).not.toThrow()
    })

    it('gives out a copy of its public key', async () => {
      const first = await signer.publicKey()
      const before = hexOf(first.bytes)
      first.bytes.fill(0)
      expect(hexOf((await signer.publicKey()).bytes)).toBe(before)
    })

    it.each(hashes)('signs %s so that elliptic and OpenSSL both verify it', async (hash) => {
      const { publicKey, algorithm } = await key()
      const signature = await sign({ hashAlgorithm: hash })
      expect(verifyByElliptic({ publicKey, algorithm }, message, hash, signature)).toBe(true)
      expect(verifyByOpenssl(publicKey, algorithm, message, hash, signature)).toBe(true)
    })

    it.each(hashes)('signs %s so that one flipped bit verifies nowhere', async (hash) => {
      const { publicKey, algorithm } = await key()
      const signature = await sign({ hashAlgorithm: hash })
      for (const [bytes, raw] of [
        [flipped(message, 7), signature],
        [message, flipped(signature, 31)],
        [message, flipped(signature, 63)],
      ] as const) {
        expect(verifyByElliptic({ publicKey, algorithm }, bytes, hash, raw)).toBe(false)
        expect(verifyByOpenssl(publicKey, algorithm, bytes, hash, raw)).toBe(false)
      }
    })

    it('does not sign one hash when asked for the other', async () => {
      const { publicKey, algorithm } = await key()
      const signature = await sign({ hashAlgorithm: 'SHA2_256' })
      expect(verifyByElliptic({ publicKey, algorithm }, message, 'SHA3_256', signature)).toBe(false)
    })

    it('answers 64 bytes with r and s in range and s in the lower half', async () => {
      const order = orderOf((await key()).algorithm)
      for (let round = 0; round < 16; round++) {
        const hex = hexOf(await sign())
        expect(hex).toHaveLength(128)
        const [r, s] = [BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)]
        expect(r > 0n && r < order && s > 0n && s <= order / 2n).toBe(true)
      }
    })

    it.each([0, 1, 31, 4_096, 4_097, 100_000])('signs a message of %d bytes', async (length) => {
      const long = new Uint8Array(randomBytes(length))
      const signature = await sign({ message: long })
      const { publicKey, algorithm } = await key()
      expect(verifyByOpenssl(publicKey, algorithm, long, 'SHA3_256', signature)).toBe(true)
    })

    it('signs many messages at the same time without mixing them up', async () => {
      const { publicKey, algorithm } = await key()
      const jobs = Array.from({ length: 24 }, (_, index) => ({
        bytes: new TextEncoder().encode(`message ${index}`),
        hash: index % 2 === 0 ? ('SHA2_256' as const) : ('SHA3_256' as const),
      }))
      const signatures = await Promise.all(
        jobs.map(({ bytes, hash }) => sign({ message: bytes, hashAlgorithm: hash })),
      )
      const verified = jobs.map(({ bytes, hash }, index) =>
        verifyByOpenssl(publicKey, algorithm, bytes, hash, signatures[index] ?? new Uint8Array()),
      )
      expect(verified).toEqual(jobs.map(() => true))
    })

    it('leaves the message as it was', async () => {
      const given = message.slice()
      await sign({ message: given })
      expect(hexOf(given)).toBe(hexOf(message))
    })

    it('signs a message that is a window into a larger buffer', async () => {
      const larger = new Uint8Array(message.length + 20).fill(7)
      larger.set(message, 10)
      const signature = await sign({ message: larger.subarray(10, 10 + message.length) })
      const { publicKey, algorithm } = await key()
      expect(verifyByOpenssl(publicKey, algorithm, message, 'SHA3_256', signature)).toBe(true)
    })

    it('is frozen, and its functions work without it', async () => {
      expect(Object.isFrozen(signer)).toBe(true)
      const { sign: bare, publicKey } = Object.freeze(signer)
      expect(await bare({ message, hashAlgorithm: 'SHA3_256' })).toHaveLength(64)
      expect((await publicKey()).bytes).toHaveLength(64)
    })

    it('has an id that is a text of printable characters', () => {
      expect(signer.id).toMatch(/^[\x21-\x7e]{1,300}$/)
    })

    it('rejects with the reason of a signal that aborted before', async () => {
      const signal = AbortSignal.abort(new Error('stopped before'))
      expect(await rejection(sign({ signal }))).toBe(signal.reason)
      expect(await rejection(signer.publicKey({ signal }))).toBe(signal.reason)
    })

    it('rejects with the reason of a signal that aborts meanwhile', async () => {
      const controller = new AbortController()
      const signing = rejection(sign({ signal: controller.signal }))
      controller.abort(new Error('stopped meanwhile'))
      expect(await signing).toBe(controller.signal.reason)
    })

    it('signs for others when one caller aborts', async () => {
      const controller = new AbortController()
      const aborted = rejection(sign({ signal: controller.signal }))
      const other = sign()
      controller.abort()
      expect(await aborted).toBe(controller.signal.reason)
      expect(await other).toHaveLength(64)
    })

    it('reports at most once, before it resolves, and no secret', async () => {
      const reports: SignReport[] = []
      await sign({ onReport: (report) => reports.push(report) })
      expect(reports.length).toBeLessThanOrEqual(1)
      for (const report of reports) expect(report.attempts).toBeGreaterThanOrEqual(1)
      for (const secret of secrets) expect(inspect(reports, { depth: 10 })).not.toContain(secret)
    })

    it('is refused when it signs for the public key of another', async () => {
      const { createSoftwareSigner } = await import('../../src/signers/software-signer.ts')
      const { algorithm } = await key()
      const other = createSoftwareSigner({ algorithm })
      const impostor = createVerifiedSigner({
        id: 'impostor',
        publicKey: () => other.publicKey(),
        sign: (request) => signer.sign(request),
      })
      const error = await rejection(impostor.sign({ message, hashAlgorithm: 'SHA3_256' }))
      expect(error).toMatchObject({ code: 'SIGNATURE_INVALID', disposition: 'refuse' })
    })

    it.each([0, 31, 32, 63])('is refused when a bit of byte %d is flipped', async (at) => {
      const damaged = createVerifiedSigner({
        id: 'damaged',
        publicKey: () => signer.publicKey(),
        sign: async (request) => flipped(await signer.sign(request), at),
      })
      const error = await rejection(damaged.sign({ message, hashAlgorithm: 'SHA3_256' }))
      expect(error).toMatchObject({ code: 'SIGNATURE_INVALID' })
    })

    it('shows no secret, neither itself nor in an error', async () => {
      const signal = AbortSignal.abort()
      const error = await rejection(sign({ signal }))
      const shown = inspect([signer, error], { depth: 10, showHidden: true })
      for (const secret of secrets) expect(shown).not.toContain(secret)
      expect(shown).not.toContain(hexOf(message))
    })
  })
}

function opensslKey(publicKey: Uint8Array, algorithm: 'ECDSA_P256' | 'ECDSA_secp256k1') {
  const [x, y] = [publicKey.subarray(0, 32), publicKey.subarray(32)].map((coordinate) =>
    Buffer.from(coordinate).toString('base64url'),
  )
  const crv = algorithm === 'ECDSA_P256' ? 'P-256' : 'secp256k1'
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv, x: x ?? '', y: y ?? '' } })
}

function verifyByOpenssl(
  publicKey: Uint8Array,
  algorithm: 'ECDSA_P256' | 'ECDSA_secp256k1',
  bytes: Uint8Array,
  hash: 'SHA2_256' | 'SHA3_256',
  signature: Uint8Array,
): boolean {
  const key = opensslKey(publicKey, algorithm)
  const digest = hash === 'SHA2_256' ? 'sha256' : 'sha3-256'
  return verify(digest, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature)
}
