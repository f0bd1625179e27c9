import { randomBytes } from 'node:crypto'
import { jest } from '@jest/globals'
import fc from 'fast-check'
import { hashMessage as hashByOpenssl } from '../../../src/crypto/hash.ts'
import { bytesOf, digestOf, hashes, hexOf } from './independent.ts'
import { seed } from './seed.ts'
import { hashVectors } from './vectors.ts'

type HashMessage = typeof hashByOpenssl
type Builtin = typeof process.getBuiltinModule

/** `hashMessage` of a process whose built-in modules are given. */
async function loadedWith(getBuiltinModule: unknown): Promise<HashMessage> {
  const own = process.getBuiltinModule
  process.getBuiltinModule = getBuiltinModule as Builtin
  try {
    jest.resetModules()
    return (await import('../../../src/crypto/hash.ts')).hashMessage
  } finally {
    process.getBuiltinModule = own
  }
}

/** Whom createHash was asked for, in a process whose OpenSSL has no SHA-3. */
const asked: string[] = []
const withoutSha3 = {
  createHash(name: string) {
    asked.push(name)
    if (name.startsWith('sha3')) throw new Error('Digest method not supported')
    return { update: () => ({ digest: () => Buffer.from('by its own OpenSSL') }) }
  },
}
const ways = {
  OpenSSL: async () => hashByOpenssl,
  '@noble/hashes': () => loadedWith(undefined),
}

describe.each(Object.entries(ways))('hashMessage by %s', (_, load) => {
  let hashMessage: HashMessage
  beforeAll(async () => {
    hashMessage = await load()
  })

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

  // Around the blocks of SHA-256 (64 bytes) and SHA3-256 (136), and what a node takes at most.
  const borders = [54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 134, 135, 136, 137, 271, 272, 273]
  it.each([0, 1, ...borders, 4_096, 4_097, 1_500_000])(
    'agrees with node:crypto on %d bytes',
    (n) => {
      const message = new Uint8Array(randomBytes(n))
      for (const hash of hashes)
        expect(hexOf(hashMessage(message, hash))).toBe(hexOf(digestOf(message, hash)))
    },
  )

  it('agrees with node:crypto on any window of any bytes', () => {
    const lengths = fc.integer({ min: 0, max: 600 })
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        lengths,
        fc.constantFrom(...hashes),
        (bytes, start, hash) => {
          const window = bytes.subarray(start)
          expect(hexOf(hashMessage(window, hash))).toBe(hexOf(digestOf(window, hash)))
        },
      ),
      { seed },
    )
  })

  it('gives bytes of its own', () => {
    const message = bytesOf('616263')
    const first = hashMessage(message, 'SHA3_256')
    first.fill(0)
    expect(hashMessage(message, 'SHA3_256')).not.toEqual(first)
  })
})

describe('hashMessage where OpenSSL has no SHA-3', () => {
  it('takes SHA-256 from it, and SHA3-256 from @noble/hashes', async () => {
    const hashMessage = await loadedWith(() => withoutSha3)
    const message = bytesOf('616263')
    expect(hexOf(hashMessage(message, 'SHA3_256'))).toBe(hexOf(digestOf(message, 'SHA3_256')))
    expect(Buffer.from(hashMessage(message, 'SHA2_256')).toString()).toBe('by its own OpenSSL')
    expect(asked).toEqual(['sha256', 'sha3-256', 'sha256'])
  })
})
