import { describeAwsKmsKey } from '../../../../src/signers/aws-kms/index.ts'
import { createFakeKms } from '../../../support/fake-kms.ts'

function withKey() {
  const kms = createFakeKms()
  return { kms, key: kms.addKey({ algorithm: 'ECDSA_secp256k1' }) }
}

describe('describeAwsKmsKey', () => {
  it('tells the facts of a key that can sign', async () => {
    const { kms, key } = withKey()
    kms.setAlias('alias/minter', key)
    expect(await describeAwsKmsKey({ client: kms.client, keyId: 'alias/minter' })).toEqual({
      keyArn: key.arn,
      keySpec: 'ECC_SECG_P256K1',
      keyUsage: 'SIGN_VERIFY',
      state: 'Enabled',
      multiRegion: false,
      description: 'a fake key',
      createdAt: '2026-01-02T03:04:05.000Z',
    })
  })

  it.each(['Disabled', 'PendingDeletion', 'PendingImport', 'Unavailable', 'Creating'])(
    'describes a key in the state %s, and that it is unusable',
    async (state) => {
      const { kms, key } = withKey()
      kms.setState(key, state)
      expect(await describeAwsKmsKey({ client: kms.client, keyId: key.arn })).toMatchObject({
        state,
        unusable: expect.stringContaining(state),
      })
    },
  )

  it.each([
    ['spec', { KeySpec: 'RSA_4096' }],
    ['spec', { KeySpec: 'SYMMETRIC_DEFAULT' }],
    ['spec', { KeySpec: 'toString' }],
    ['usage', { KeyUsage: 'KEY_AGREEMENT' }],
    ['spec', undefined],
  ])('says that a key is unusable by its %s (%j)', async (word, change) => {
    const { kms, key } = withKey()
    kms.next('DescribeKey', (reply) => ({
      ...reply,
      KeyMetadata:
        change === undefined ? undefined : { ...(reply['KeyMetadata'] as object), ...change },
    }))
    const { unusable } = await describeAwsKmsKey({ client: kms.client, keyId: key.arn })
    expect(unusable).toContain(`its ${word} is`)
  })

  it.each([undefined, new Date(Number.NaN), 'yesterday', 5])(
    'leaves a creation date out that is none (%s)',
    async (CreationDate) => {
      const { kms, key } = withKey()
      kms.next('DescribeKey', (reply) => ({
        ...reply,
        KeyMetadata: { ...(reply['KeyMetadata'] as object), CreationDate },
      }))
      const described = await describeAwsKmsKey({ client: kms.client, keyId: key.arn })
      expect(described).toMatchObject({ state: 'Enabled' })
      expect(described).not.toHaveProperty('createdAt')
    },
  )

  it('rejects with KEY_NOT_FOUND for a key that does not exist', async () => {
    const { client } = createFakeKms()
    const keyId = '1234abcd-12ab-34cd-56ef-1234567890ab'
    await expect(describeAwsKmsKey({ client, keyId })).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
      context: { keyId },
    })
  })
})
