import { importPublicKey, verifySignature } from '../../../src/crypto/verify.ts'
import { algorithms, bytes32, digestOf, hashes, softKey } from './independent.ts'

const message = new TextEncoder().encode('a message to verify')
const flip = (bytes: Uint8Array, at: number) =>
  bytes.map((byte, index) => (index === at ? byte ^ 1 : byte))
const cases = algorithms.flatMap((algorithm) => hashes.map((hash) => ({ algorithm, hash })))

function signed({ algorithm, hash }: (typeof cases)[number]) {
  const key = softKey(algorithm)
  const { r, s } = key.sign(digestOf(message, hash))
  return {
    key: importPublicKey(key.publicKey, algorithm),
    raw: new Uint8Array([...bytes32(r), ...bytes32(s)]),
  }
}

describe('verifySignature', () => {
  it.each(cases)('accepts a signature of $algorithm over $hash', (row) => {
    const { key, raw } = signed(row)
    expect(verifySignature(key, message, row.hash, raw)).toBe(true)
  })

  it.each(cases)('refuses one flipped bit anywhere ($algorithm, $hash)', (row) => {
    const { key, raw } = signed(row)
    for (let at = 0; at < 64; at++)
      expect(verifySignature(key, message, row.hash, flip(raw, at))).toBe(false)
    expect(verifySignature(key, flip(message, 0), row.hash, raw)).toBe(false)
  })

  it.each(cases)('refuses the other hash ($algorithm, $hash)', (row) => {
    const { key, raw } = signed(row)
    const other = row.hash === 'SHA2_256' ? 'SHA3_256' : 'SHA2_256'
    expect(verifySignature(key, message, other, raw)).toBe(false)
  })

  it.each([0, 1, 63, 65, 70, 128, 1_000_000])('is false for %d bytes', (length) => {
    const [row] = cases
    if (row === undefined) throw new Error('no case')
    const { key } = signed(row)
    expect(verifySignature(key, message, row.hash, new Uint8Array(length).fill(1))).toBe(false)
  })

  it('is false, and does not throw, for scalars of zeros and of ones', () => {
    for (const row of cases)
      for (const byte of [0, 255])
        expect(
          verifySignature(signed(row).key, message, row.hash, new Uint8Array(64).fill(byte)),
        ).toBe(false)
  })
})

describe('importPublicKey', () => {
  it.each([
    ['63 bytes', new Uint8Array(63)],
    ['65 bytes', new Uint8Array(65)],
    ['zeros', new Uint8Array(64)],
    ['ones', new Uint8Array(64).fill(255)],
  ])('refuses %s', (_, bytes) => {
    for (const algorithm of algorithms)
      expect(() => importPublicKey(bytes, algorithm)).toThrow(
        expect.objectContaining({
          code: 'MALFORMED_PUBLIC_KEY',
          context: expect.objectContaining({ byteLength: bytes.length }),
        }),
      )
  })
})
