import { hashMessage } from '../../../src/crypto/hash.ts'
import { bytesOf, hexOf } from './independent.ts'
import { hashVectors } from './vectors.ts'

describe('hashMessage', () => {
  it.each(hashVectors)('SHA3_256 of $id is that of FIPS 202', ({ message, sha3 }) => {
    expect(hexOf(hashMessage(bytesOf(message), 'SHA3_256'))).toBe(sha3)
  })

  it.each(hashVectors)('SHA3_256 of $id is not Keccak-256', ({ message, keccak }) => {
    expect(hexOf(hashMessage(bytesOf(message), 'SHA3_256'))).not.toBe(keccak)
  })

  it.each(hashVectors)('SHA2_256 of $id is SHA-256', ({ message, sha2 }) => {
    expect(hexOf(hashMessage(bytesOf(message), 'SHA2_256'))).toBe(sha2)
  })

  it('leaves the message as it was', () => {
    const message = bytesOf('616263')
    hashMessage(message, 'SHA3_256')
    expect(hexOf(message)).toBe('616263')
  })
})
