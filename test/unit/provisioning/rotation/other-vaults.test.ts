import { sealedKeyVault } from '../../../../src/provisioning/rotation/vaults/sealed-key-vault.ts'
import { signerVault } from '../../../../src/provisioning/rotation/vaults/signer-vault.ts'
import { createSealedKeys } from '../../../../src/signers/sealed-key/index.ts'
import { createSoftwareSigner } from '../../../../src/signers/software-signer.ts'
import { createMapStore } from '../../../support/map-store.ts'
import { createSealingKms } from '../../../support/sealing-kms.ts'

const id = '0123456789abcdef'
const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
const request = { message: new Uint8Array(9), hashAlgorithm: 'SHA3_256' } as const

function openKeys() {
  const kms = createSealingKms()
  const store = createMapStore()
  const failures: Error[] = []
  const failing: typeof store = {
    ...store,
    async create(id, record) {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      return store.create(id, record)
    },
  }
  return {
    kms,
    failures,
    keys: createSealedKeys({ kms: kms.client, keyId: kms.arn, store: failing }),
  }
}

describe('sealedKeyVault', () => {
  it('makes a wallet of the rotation, the same one each time, and signs with it', async () => {
    const { keys } = openKeys()
    const vault = sealedKeyVault(keys, { algorithm: 'ECDSA_secp256k1', walletId: 'alice' })
    const { reference } = await vault.create({ id })
    expect(reference).toBe(`alice.${id}`)
    const before = await vault.open(reference).publicKey()
    expect(await vault.create({ id })).toEqual({ reference })
    expect(await vault.open(reference).publicKey()).toEqual(before)
    expect(await vault.open(reference).sign(request)).toHaveLength(64)
  })

  it('lets KMS make the pair, where that is asked', async () => {
    const { keys, kms } = openKeys()
    const vault = sealedKeyVault(keys, { algorithm: 'ECDSA_P256', generatedBy: 'kms' })
    expect(await vault.create({ id })).toEqual({ reference: `rotation.${id}` })
    expect(kms.count('GenerateDataKeyPairWithoutPlaintext')).toBe(1)
  })

  it('goes on when it is not known whether the store has kept the wallet', async () => {
    const { keys, failures } = openKeys()
    failures.push(new Error('the connection broke'))
    const vault = sealedKeyVault(keys, { algorithm: 'ECDSA_P256' })
    await expect(vault.create({ id })).rejects.toEqual(code('SEALED_KEY_UNCERTAIN'))
    await expect(vault.create({ id })).resolves.toEqual({ reference: `rotation.${id}` })
  })

  it('does not take a wallet of its name and another algorithm', async () => {
    const { keys } = openKeys()
    await keys.create(`rotation.${id}`, { algorithm: 'ECDSA_P256' })
    const vault = sealedKeyVault(keys, { algorithm: 'ECDSA_secp256k1' })
    await expect(vault.create({ id })).rejects.toEqual(
      code('SEALED_KEY_EXISTS', { id: `rotation.${id}` }),
    )
  })

  it('does not take a wallet that does not open', async () => {
    const { keys, kms } = openKeys()
    const vault = sealedKeyVault(keys, { algorithm: 'ECDSA_P256' })
    await vault.create({ id })
    kms.always('Decrypt', (reply) => ({ ...reply, Plaintext: new Uint8Array(32) }))
    await expect(vault.create({ id })).rejects.toEqual(code('SEALED_KEY_INVALID'))
  })

  it.each([
    ['an algorithm that is none', 'algorithm', { algorithm: 'RSA' }],
    ['a long wallet id', 'walletId', { walletId: 'x'.repeat(64) }],
    ['a wallet id with a slash', 'walletId', { walletId: 'a/b' }],
    ['another maker', 'generatedBy', { generatedBy: 'there' }],
    ['a misspelt option', 'walletid', { walletid: 'x' }],
  ])('refuses %s', (_, option, wrong) => {
    const options = { algorithm: 'ECDSA_P256', ...wrong } as Parameters<typeof sealedKeyVault>[1] // wrong on purpose
    expect(() => sealedKeyVault(openKeys().keys, options)).toThrow(
      code('INVALID_OPTION', { option }),
    )
  })

  it('refuses what is not what createSealedKeys gives', () => {
    const keys = { create: () => undefined } as unknown as Parameters<typeof sealedKeyVault>[0] // wrong on purpose
    expect(() => sealedKeyVault(keys, { algorithm: 'ECDSA_P256' })).toThrow(
      code('INVALID_OPTION', { option: 'keys' }),
    )
  })

  it('refuses an id that is none', async () => {
    const vault = sealedKeyVault(openKeys().keys, { algorithm: 'ECDSA_P256' })
    await expect(vault.create({ id: 'x' })).rejects.toEqual(code('INVALID_OPTION'))
  })
})

describe('signerVault', () => {
  it.each(['alias/minter', 'arn:aws:kms:us-east-1:111122223333:alias/minter'])(
    'takes no signer by %s, which may name another key tomorrow',
    (name) => {
      const signer = { ...createSoftwareSigner({ algorithm: 'ECDSA_P256' }), id: name }
      expect(() => signerVault(signer)).toThrow(code('INVALID_OPTION', { option: 'signer' }))
    },
  )

  it('gives the signer that it has, once its public key could be read', async () => {
    const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    const vault = signerVault(signer)
    expect(await vault.create({ id })).toEqual({ reference: signer.id })
    expect(vault.open(signer.id)).toBe(signer)
  })

  it('does not begin with a signer that cannot be reached', async () => {
    const signer = {
      ...createSoftwareSigner({ algorithm: 'ECDSA_P256' }),
      publicKey: () => Promise.reject(new Error('the token is gone')),
    }
    await expect(signerVault(signer).create({ id })).rejects.toThrow('the token is gone')
  })

  it('does not stand for another signer', () => {
    const vault = signerVault(createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
    expect(() => vault.open('alias/other')).toThrow(code('INVALID_OPTION', { option: 'vault' }))
  })

  it('refuses what is no signer, and an id that is none', async () => {
    const none = { id: 'x' } as unknown as Parameters<typeof signerVault>[0] // wrong on purpose
    expect(() => signerVault(none)).toThrow(code('INVALID_OPTION', { option: 'signer' }))
    const vault = signerVault(createSoftwareSigner({ algorithm: 'ECDSA_P256' }))
    await expect(vault.create({ id: 'x' })).rejects.toEqual(code('INVALID_OPTION'))
  })
})
