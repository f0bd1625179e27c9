/** Comparisons run on digests of one length. @module */

import fc from 'fast-check'
import {
  sameDigest,
  sameSecret,
  sha256,
  sha256Hex,
} from '../../../../examples/admin-server/src/access/digest.ts'

describe('sha256', () => {
  // FIPS 180-2, appendix B.1.
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

  it('hashes text and bytes alike', () => {
    expect(sha256Hex('abc')).toBe(abc)
    expect(sha256Hex(new Uint8Array([97, 98, 99]))).toBe(abc)
  })

  it('always has 32 bytes, so a comparison never sees the length of a secret', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => sha256(text).length === 32))
  })
})

describe('sameDigest', () => {
  const digest = sha256('a')

  it('knows the same digest again', () => {
    expect(sameDigest(digest, sha256('a'))).toBe(true)
  })

  it.each(Array.from({ length: 256 }, (_, bit) => bit))('refuses it with bit %i flipped', (bit) => {
    const other = Uint8Array.from(digest)
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(sameDigest(digest, other)).toBe(false)
  })

  it.each([0, 1, 31, 33, 64])('refuses two equal arrays of %i bytes', (length) => {
    expect(sameDigest(new Uint8Array(length), new Uint8Array(length))).toBe(false)
  })

  it('refuses a digest beside its first 31 bytes without a throw', () => {
    expect(sameDigest(digest, digest.subarray(0, 31))).toBe(false)
  })
})

describe('sameSecret', () => {
  it('compares texts of any length', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        expect(sameSecret(left, right)).toBe(left === right)
        expect(sameSecret(left, left)).toBe(true)
      }),
    )
  })
})
