import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { SignatureAlgorithm } from '../../../src/crypto/algorithms.ts'
import { checkedPublicKey } from '../../../src/crypto/public-key.ts'
import { importPublicKey } from '../../../src/crypto/verify.ts'
import { algorithms, bytes32, hexOf, softKey } from './independent.ts'
import { seed } from './seed.ts'

const passes = (check: (bytes: Uint8Array, algorithm: SignatureAlgorithm) => unknown) => {
  return (bytes: Uint8Array, algorithm: SignatureAlgorithm) => {
    try {
      return check(bytes, algorithm) !== undefined
    } catch (error) {
      expect(error).toMatchObject({ code: 'MALFORMED_PUBLIC_KEY' })
      return false
    }
  }
}
const byUs = passes(checkedPublicKey)
const byOpenssl = passes(importPublicKey)
const fieldOf = {
  ECDSA_P256: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
  ECDSA_secp256k1: 2n ** 256n - 2n ** 32n - 977n,
}

const rightSides = {
  ECDSA_P256: (x: bigint) =>
    x ** 3n - 3n * x + 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  ECDSA_secp256k1: (x: bigint) => x ** 3n + 7n,
}

describe.each(algorithms)('checkedPublicKey on %s', (algorithm) => {
  it('takes each point, as OpenSSL does, and gives the same array', () => {
    for (let round = 0; round < 50; round++) {
      const { publicKey } = softKey(algorithm)
      expect(checkedPublicKey(publicKey, algorithm)).toBe(publicKey)
      expect(byOpenssl(publicKey, algorithm)).toBe(true)
    }
  })

  it('takes the point and its negative, and neither on the other curve', () => {
    const { publicKey } = softKey(algorithm)
    const y = BigInt(`0x${hexOf(publicKey.subarray(32))}`)
    const negative = Uint8Array.of(...publicKey.subarray(0, 32), ...bytes32(fieldOf[algorithm] - y))
    expect(byUs(negative, algorithm)).toBe(true)
    for (const other of algorithms)
      if (other !== algorithm) expect(byUs(publicKey, other)).toBe(false)
  })

  it('refuses what OpenSSL refuses: any bit changed of a point, and any other bytes', () => {
    const { publicKey } = softKey(algorithm)
    for (let bit = 0; bit < 512; bit++) {
      const at = bit >> 3
      const changed = publicKey.with(at, (publicKey[at] ?? 0) ^ (1 << (bit & 7)))
      expect(byUs(changed, algorithm)).toBe(false)
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 62, maxLength: 66 }), (bytes) => {
        expect(byUs(bytes, algorithm)).toBe(byOpenssl(bytes, algorithm))
      }),
      { seed },
    )
  })

  it('refuses a coordinate that is not below the field, though it is a point modulo the field', () => {
    const p = fieldOf[algorithm]
    // Of some small x there is a point; x + p and y + p are the same modulo p.
    // 2²⁵⁶ - p is 2³² + 977 on one curve, and about 2²²⁴ on the other.
    for (let x = 1n; x < 40n; x++) {
      const y = root(rightSides[algorithm](x), p)
      if (y === undefined) continue
      expect(byUs(Uint8Array.of(...bytes32(x), ...bytes32(y)), algorithm)).toBe(true)
      const shifted = Uint8Array.of(...bytes32(x + p), ...bytes32(y))
      expect(byUs(shifted, algorithm)).toBe(false)
      expect(byOpenssl(shifted, algorithm)).toBe(false)
    }
    expect(byUs(Uint8Array.of(...bytes32(p), ...randomBytes(32)), algorithm)).toBe(false)
  })

  it('refuses zeros, ones and the generator with its halves exchanged', () => {
    const { publicKey } = softKey(algorithm, bytes32(1n))
    expect(byUs(publicKey, algorithm)).toBe(true)
    const exchanged = Uint8Array.of(...publicKey.subarray(32), ...publicKey.subarray(0, 32))
    for (const bytes of [new Uint8Array(64), new Uint8Array(64).fill(255), exchanged])
      expect(byUs(bytes, algorithm)).toBe(false)
  })
})

/** A square root modulo a prime that is 3 modulo 4; `undefined` where there is none. */
function root(square: bigint, p: bigint): bigint | undefined {
  let result = 1n
  let base = square % p
  for (let rest = (p + 1n) / 4n; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * base) % p
    base = (base * base) % p
  }
  return (result * result - square) % p === 0n ? result : undefined
}
