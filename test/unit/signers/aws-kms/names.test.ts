/** Aliases, Regions, multi-Region keys, and what is remembered (T11, E10, E15). @module */
import { createAwsKmsSigner } from '../../../../src/signers/aws-kms/index.ts'
import { createFakeKms, type FakeKms } from '../../../support/fake-kms.ts'
import { softKey, verifyByElliptic } from '../../crypto/independent.ts'

const message = new TextEncoder().encode('a message')
const request = { message, hashAlgorithm: 'SHA3_256' } as const
const signerOf = (kms: FakeKms, keyId: string) => createAwsKmsSigner({ client: kms.client, keyId })

describe('a key', () => {
  it('signs under each of its names, and is asked for by its ARN', async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_secp256k1' })
    kms.setAlias('alias/minter', key)
    const aliasArn = key.arn.replace(/key\/.*/, 'alias/minter')
    for (const name of [key.keyId, key.arn, 'alias/minter', aliasArn]) {
      const signature = await signerOf(kms, name).sign(request)
      expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
    }
    expect(kms.inputs('Sign').map(({ KeyId }) => KeyId)).toEqual(Array(4).fill(key.arn))
  })

  it.each([
    ['aws-cn', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1'],
  ])('of the partition %s signs', async (partition, region) => {
    const kms = createFakeKms(region, partition)
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    expect(key.arn).toContain(`arn:${partition}:kms:${region}:`)
    expect(await signerOf(kms, key.arn).sign(request)).toHaveLength(64)
  })

  it('of several Regions signs in each of them, with one public key (K12)', async () => {
    const material = softKey('ECDSA_secp256k1')
    const keyId = 'mrk-1234abcd12ab34cd56ef1234567890ab'
    for (const region of ['us-east-1', 'eu-west-1']) {
      const kms = createFakeKms(region)
      const key = kms.addKey({ algorithm: 'ECDSA_secp256k1', keyId, material })
      for (const name of [keyId, key.arn]) {
        const signer = signerOf(kms, name)
        expect((await signer.publicKey()).bytes).toEqual(material.publicKey)
        expect(await signer.sign(request)).toHaveLength(64)
      }
    }
  })

  it.each(['key', 'alias'])(
    'whose %s ARN is of another Region is refused without a call',
    async (kind) => {
      const kms = createFakeKms('us-east-1')
      const { arn } = createFakeKms('eu-west-1').addKey({ algorithm: 'ECDSA_P256' })
      const name = kind === 'key' ? arn : arn.replace(/key\/.*/, 'alias/minter')
      await expect(signerOf(kms, name).sign(request)).rejects.toMatchObject({
        code: 'KEY_REGION_MISMATCH',
        context: { keyRegion: 'eu-west-1', clientRegion: 'us-east-1' },
      })
      expect(kms.count('GetPublicKey') + kms.count('Sign')).toBe(0)
    },
  )
})

describe('an alias', () => {
  it('that is pointed elsewhere changes nothing for a signer, and all for the next one', async () => {
    const kms = createFakeKms()
    const [first, second] = [
      kms.addKey({ algorithm: 'ECDSA_P256' }),
      kms.addKey({ algorithm: 'ECDSA_P256' }),
    ]
    kms.setAlias('alias/minter', first)
    const before = signerOf(kms, 'alias/minter')
    await before.sign(request)
    kms.setAlias('alias/minter', second)
    const signature = await before.sign(request)
    expect(verifyByElliptic(first, message, 'SHA3_256', signature)).toBe(true)
    expect((await before.publicKey()).bytes).toEqual(first.publicKey)
    expect((await signerOf(kms, 'alias/minter').publicKey()).bytes).toEqual(second.publicKey)
  })

  it('names two keys in two Regions (E15)', async () => {
    const [east, west] = [createFakeKms('us-east-1'), createFakeKms('eu-west-1')]
    for (const kms of [east, west]) {
      const key = kms.addKey({ algorithm: 'ECDSA_P256' })
      kms.setAlias('alias/minter', key)
      const signer = signerOf(kms, 'alias/minter')
      expect((await signer.publicKey()).bytes).toEqual(key.publicKey)
      const signature = await signer.sign(request)
      expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
    }
  })
})

describe('the public key', () => {
  it('is read once, however many signatures are asked for at the same time', async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    const signer = signerOf(kms, key.arn)
    await Promise.all(Array.from({ length: 20 }, () => signer.sign(request)))
    expect(kms.count('GetPublicKey')).toBe(1)
    expect(kms.count('Sign')).toBe(20)
  })

  it('is read once for a client and an ARN, whatever the number of signers', async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    for (let count = 0; count < 3; count++) await signerOf(kms, key.arn).sign(request)
    expect(kms.count('GetPublicKey')).toBe(1)
  })

  it('is read again by another client', async () => {
    const [one, other] = [createFakeKms(), createFakeKms()]
    const material = softKey('ECDSA_P256')
    const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
    for (const kms of [one, other]) {
      const key = kms.addKey({ algorithm: 'ECDSA_P256', keyId, material })
      await signerOf(kms, key.arn).publicKey()
      expect(kms.count('GetPublicKey')).toBe(1)
    }
  })

  it('that could not be read is asked for again', async () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    kms.setState(key, 'Disabled')
    const signer = signerOf(kms, key.arn)
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'KEY_DISABLED' })
    kms.setState(key, 'Enabled')
    expect((await signer.publicKey()).bytes).toEqual(key.publicKey)
  })
})

describe('createAwsKmsSigner', () => {
  it('makes no call itself', () => {
    const kms = createFakeKms()
    const key = kms.addKey({ algorithm: 'ECDSA_P256' })
    expect(signerOf(kms, key.arn).id).toBe(key.arn)
    expect(kms.count('GetPublicKey')).toBe(0)
  })

  it.each([undefined, null, 'us-east-1', 7])('refuses %s as its client', (client) => {
    // As JavaScript would call it, past the types.
    const options = { client: client as unknown as object, keyId: 'alias/minter' }
    expect(() => createAwsKmsSigner(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        context: expect.objectContaining({ option: 'client' }),
      }),
    )
  })
})
