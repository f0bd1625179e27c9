import { assertWeight, encodeAccountKey } from '../../../src/crypto/account-key-rlp.ts'
import { hexOf, softKey } from './independent.ts'

const p256 = softKey('ECDSA_P256').publicKey
const k1 = softKey('ECDSA_secp256k1').publicKey

/** [algorithm, hash, weight, RLP before the key, RLP after it], by hand from the rules of RLP. */
const rows = [
  ['ECDSA_P256', 'SHA3_256', 1000, 'f847b840', '02038203e8'],
  ['ECDSA_P256', 'SHA2_256', 1000, 'f847b840', '02018203e8'],
  ['ECDSA_secp256k1', 'SHA3_256', 1000, 'f847b840', '03038203e8'],
  ['ECDSA_secp256k1', 'SHA2_256', 1000, 'f847b840', '03018203e8'],
  ['ECDSA_P256', 'SHA3_256', 0, 'f845b840', '020380'],
  ['ECDSA_P256', 'SHA3_256', 1, 'f845b840', '020301'],
  ['ECDSA_P256', 'SHA3_256', 127, 'f845b840', '02037f'],
  ['ECDSA_P256', 'SHA3_256', 128, 'f846b840', '02038180'],
  ['ECDSA_P256', 'SHA3_256', 255, 'f846b840', '020381ff'],
  ['ECDSA_P256', 'SHA3_256', 256, 'f847b840', '0203820100'],
  ['ECDSA_P256', 'SHA3_256', 500, 'f847b840', '02038201f4'],
] as const

const weights: readonly (readonly [string, unknown])[] = [
  ['0.5, which the protocol would cut to 0', 0.5],
  ['1500, which the protocol would keep', 1500],
  ['1001', 1001],
  ['-1', -1],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['a text', '1000'],
  ['a bigint', 1000n],
  ['null', null],
  ['undefined', undefined],
]

describe('encodeAccountKey', () => {
  it.each(rows)(
    'writes %s with %s and weight %d',
    (algorithm, hashAlgorithm, weight, head, tail) => {
      const publicKey = algorithm === 'ECDSA_P256' ? p256 : k1
      const encoded = encodeAccountKey({ publicKey, algorithm, hashAlgorithm, weight })
      expect(hexOf(encoded)).toBe(`${head}${hexOf(publicKey)}${tail}`)
    },
  )

  it.each(weights)('refuses the weight %s', (_, weight) => {
    const key = { publicKey: p256, algorithm: 'ECDSA_P256', hashAlgorithm: 'SHA3_256' } as const
    const refusal = expect.objectContaining({ code: 'INVALID_WEIGHT', disposition: 'fail' })
    // As JavaScript would call it, past the types.
    expect(() => encodeAccountKey({ ...key, weight: weight as number })).toThrow(refusal)
    expect(() => assertWeight(weight as number)).toThrow(refusal)
  })

  it.each([
    ['63 bytes (E1)', p256.slice(1)],
    ['65 bytes', new Uint8Array([4, ...p256])],
    ['no bytes', new Uint8Array()],
    ['a point of the other curve', k1],
    ['one flipped bit', p256.map((byte, index) => (index === 63 ? byte ^ 1 : byte))],
  ])('refuses a public key of %s', (_, publicKey) => {
    const call = () =>
      encodeAccountKey({
        publicKey,
        algorithm: 'ECDSA_P256',
        hashAlgorithm: 'SHA3_256',
        weight: 1000,
      })
    expect(call).toThrow(expect.objectContaining({ code: 'MALFORMED_PUBLIC_KEY' }))
  })
})
