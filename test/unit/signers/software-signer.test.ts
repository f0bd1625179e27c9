import { inspect } from 'node:util'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { algorithms, bytes32, hexOf, orderOf, softKey } from '../crypto/independent.ts'

describe('createSoftwareSigner', () => {
  it.each(algorithms)('has the public key of its private key (%s)', async (algorithm) => {
    const { privateKey, publicKey } = softKey(algorithm)
    const signer = createSoftwareSigner({ algorithm, privateKey })
    expect(await signer.publicKey()).toEqual({ bytes: publicKey, algorithm })
    expect(signer.id).toBe(`software:${hexOf(publicKey.subarray(0, 8))}`)
  })

  it.each(algorithms)('makes a new key each time when none is given (%s)', async (algorithm) => {
    const [one, other] = [createSoftwareSigner({ algorithm }), createSoftwareSigner({ algorithm })]
    expect(one.id).not.toBe(other.id)
  })

  it.each(algorithms)('takes the smallest and the largest private key (%s)', async (algorithm) => {
    for (const scalar of [1n, orderOf(algorithm) - 1n]) {
      const signer = createSoftwareSigner({ algorithm, privateKey: bytes32(scalar) })
      const message = new Uint8Array([1])
      expect(await signer.sign({ message, hashAlgorithm: 'SHA3_256' })).toHaveLength(64)
    }
  })

  it('keeps signing when the caller overwrites the private key', async () => {
    const { privateKey, publicKey } = softKey('ECDSA_P256')
    const given = privateKey.slice()
    const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: given })
    given.fill(0)
    expect((await signer.publicKey()).bytes).toEqual(publicKey)
    const message = new Uint8Array([1])
    expect(await signer.sign({ message, hashAlgorithm: 'SHA2_256' })).toHaveLength(64)
  })

  const secret = softKey('ECDSA_P256').privateKey
  it.each([
    ['zero', new Uint8Array(32)],
    ['the order', bytes32(orderOf('ECDSA_P256'))],
    ['31 bytes', secret.slice(1)],
    ['33 bytes', new Uint8Array([0, ...secret])],
    ['no bytes', new Uint8Array()],
    ['hexadecimal text', hexOf(secret)],
    ['an array', [...secret]],
    ['null', null],
  ])('refuses a private key that is %s, and does not show it', (_, privateKey) => {
    let error: unknown
    try {
      // As JavaScript would call it, past the types.
      createSoftwareSigner({ algorithm: 'ECDSA_P256', privateKey: privateKey as Uint8Array })
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'INVALID_OPTION', context: { option: 'privateKey' } })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(hexOf(secret))
  })

  it.each(['ECDSA_p256', 'Ed25519', '', 'toString', 'constructor', undefined])(
    'refuses the algorithm %s',
    (algorithm) => {
      expect(() => createSoftwareSigner({ algorithm: algorithm as 'ECDSA_P256' })).toThrow(
        expect.objectContaining({
          code: 'INVALID_OPTION',
          context: expect.objectContaining({ option: 'algorithm' }),
        }),
      )
    },
  )

  it('refuses an option that it does not know', () => {
    const options = { algorithm: 'ECDSA_P256', privatekey: secret } as const
    expect(() => createSoftwareSigner(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option: 'privatekey' }),
      }),
    )
  })
})
