import { kmsVault } from '../../../../src/provisioning/rotation/vaults/kms-vault.ts'
import { ANSWERS_MS } from '../../../support/limits.ts'
import { REMOTE_SECRET, refusal, startKmsEndpoint } from '../kms-endpoint.ts'

const id = '0123456789abcdef'
const other = 'fedcba9876543210'
const tag = 'fcl-kms:rotation'
const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })
const denied = refusal('AccessDeniedException')

describe('kmsVault', () => {
  it('makes a key that carries the rotation from its creation on, and signs with it', async () => {
    await using kms = await startKmsEndpoint()
    const vault = kmsVault({
      client: kms.client,
      spec: 'ECC_NIST_P256',
      description: 'mints',
      multiRegion: true,
      tags: { team: 'drops' },
    })
    const { reference } = await vault.create({ id })
    expect(reference).toMatch(/^arn:aws:kms:us-east-1:111122223333:key\/mrk-/)
    expect(kms.inputs('CreateKey')).toEqual([
      {
        KeySpec: 'ECC_NIST_P256',
        KeyUsage: 'SIGN_VERIFY',
        MultiRegion: true,
        Description: 'mints',
        Tags: [
          { TagKey: 'team', TagValue: 'drops' },
          { TagKey: tag, TagValue: id },
        ],
      },
    ])
    const signer = vault.open(reference)
    expect(await signer.publicKey()).toMatchObject({ algorithm: 'ECDSA_P256' })
    const message = new Uint8Array(9)
    expect(await signer.sign({ message, hashAlgorithm: 'SHA3_256' })).toHaveLength(64)
  })

  it('takes a key that was made beforehand by its ARN, and makes none', async () => {
    await using kms = await startKmsEndpoint()
    const arn = kms.addKey()
    const vault = kmsVault({ client: kms.client, keyId: arn })
    expect(await vault.create({ id })).toEqual({ reference: arn })
    expect(kms.count('CreateKey')).toBe(0)
    for (const keyId of ['alias/minter', arn.replace(/^.*key\//, '')])
      expect(() => kmsVault({ client: kms.client, keyId })).toThrow(code('INVALID_KEY_ID'))
    expect(() => kmsVault({ client: kms.client, keyId: arn, multiRegion: true })).toThrow(
      code('INVALID_OPTION', { option: 'multiRegion' }),
    )
  })

  it('has the new key say which account it is on', async () => {
    await using kms = await startKmsEndpoint()
    const vault = kmsVault({ client: kms.client })
    const { reference } = await vault.create({ id })
    const newKeys = [{ keyIndex: 3, weight: 500 }]
    const where = { chainId: 'flow-testnet', address: '0x01cf0e2f2f715450' }
    const facts = { ...where, newReference: reference, newKeys }
    expect(await vault.tagAccount?.(facts)).toMatchObject({ done: true })
    const name = 'fcl-kms:account:flow-testnet:0x01cf0e2f2f715450'
    expect(kms.tags(reference)).toMatchObject({ [name]: 'index=3 weight=500' })
  })

  it('gives the same key for the same id, and another one for another', async () => {
    await using kms = await startKmsEndpoint()
    for (let count = 0; count < 9; count++) kms.addKey()
    const vault = kmsVault({ client: kms.client })
    const { reference } = await vault.create({ id })
    expect(await vault.create({ id })).toEqual({ reference })
    expect((await vault.create({ id: other })).reference).not.toBe(reference)
    expect(await kmsVault({ client: kms.client }).create({ id })).toEqual({ reference })
    expect(kms.count('CreateKey')).toBe(2)
  })

  it.each([
    ['the answer was lost', 'drop'],
    ['KMS failed with 500', refusal('KMSInternalException', 500)],
    ['no answer came', 'hang'],
  ] as const)('finds the key that it made when %s', async (_, answer) => {
    await using kms = await startKmsEndpoint()
    kms.next('CreateKey', (usual) => {
      usual()
      return answer
    })
    const requestTimeoutMs = answer === 'hang' ? 300 : ANSWERS_MS
    const limits = { requestTimeoutMs, totalTimeoutMs: ANSWERS_MS }
    const vault = kmsVault({ client: kms.client, limits })
    const { reference } = await vault.create({ id })
    expect(kms.tags(reference)).toEqual({ [tag]: id })
    expect(kms.count('CreateKey')).toBe(1)
  })

  it('finds it when the list shows it late', async () => {
    await using kms = await startKmsEndpoint()
    kms.next('CreateKey', (usual) => {
      usual()
      return 'drop'
    })
    const none = { body: { Keys: [], Truncated: false } }
    kms.next('ListKeys', undefined, none, none)
    const vault = kmsVault({ client: kms.client })
    expect(kms.tags((await vault.create({ id })).reference)).toEqual({ [tag]: id })
    expect(kms.count('CreateKey')).toBe(1)
  })

  it('says that it is not certain when the key does not show in time', async () => {
    await using kms = await startKmsEndpoint()
    kms.always('CreateKey', 'drop')
    const limits = { totalTimeoutMs: 400 }
    await expect(kmsVault({ client: kms.client, limits }).create({ id })).rejects.toEqual(
      code('KEY_CREATION_UNCERTAIN', { id, reason: expect.stringContaining('in a minute') }),
    )
    expect(kms.count('CreateKey')).toBe(1)
  })

  it('goes on with a key of which the last step had failed', async () => {
    await using kms = await startKmsEndpoint()
    kms.next('GetPublicKey', denied)
    const vault = kmsVault({ client: kms.client })
    await expect(vault.create({ id })).rejects.toEqual(code('KEY_CREATION_INCOMPLETE'))
    await expect(vault.create({ id })).resolves.toEqual({ reference: expect.any(String) })
    expect(kms.count('CreateKey')).toBe(1)
  })

  it('looks through all pages of keys', async () => {
    await using kms = await startKmsEndpoint()
    const arns = Array.from({ length: 6 }, () => kms.addKey())
    kms.setTags(arns[5] ?? '', { [tag]: id })
    kms.next('ListKeys', (usual) => {
      usual()
      const Keys = arns.slice(0, 3).map((KeyArn) => ({ KeyArn }))
      return { body: { Keys, Truncated: true, NextMarker: '3' } }
    })
    expect(await kmsVault({ client: kms.client }).create({ id })).toEqual({ reference: arns[5] })
    expect(kms.inputs('ListKeys').map(({ Marker }) => Marker)).toEqual([undefined, '3'])
  })

  const page = (count: number, more: object) => () => {
    const arn = (index: number) => `arn:aws:kms:us-east-1:111122223333:key/${index}`
    return {
      body: { Keys: Array.from({ length: count }, (_, n) => ({ KeyArn: arn(n) })), ...more },
    }
  }
  it.each([
    ['the list of keys is denied', 'ListKeys', denied, 'kms:ListKeys'],
    ['there are more keys than it asks', 'ListKeys', page(1_001, {}), 'more than 1000 keys'],
    [
      'the list has no end',
      'ListKeys',
      page(1, { Truncated: true, NextMarker: 'again' }),
      'the same page',
    ],
    ['a page has no successor', 'ListKeys', page(1, { Truncated: true }), 'the same page'],
    ['the tags of a key are denied', 'ListResourceTags', denied, 'kms:ListResourceTags'],
  ] as const)('makes none when %s', async (_, operation, step, reason) => {
    await using kms = await startKmsEndpoint()
    kms.addKey()
    kms.always(operation, step)
    await expect(kmsVault({ client: kms.client }).create({ id })).rejects.toEqual(
      code('KEY_CREATION_UNCERTAIN', { id, reason: expect.stringContaining(reason) }),
    )
    expect(kms.count('CreateKey')).toBe(0)
  })

  it('passes over keys that keep their tags to themselves, where they are another kind', async () => {
    await using kms = await startKmsEndpoint()
    for (const facts of [
      { KeySpec: 'ECC_NIST_P256' },
      { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' },
      { KeyUsage: 'KEY_AGREEMENT' },
    ])
      kms.addKey(facts)
    kms.next('ListResourceTags', denied, denied, denied)
    await kmsVault({ client: kms.client }).create({ id })
    expect(kms.count('CreateKey')).toBe(1)
  })

  it('passes over those of which nothing is told only when it is said', async () => {
    await using kms = await startKmsEndpoint()
    kms.addKey()
    kms.always('DescribeKey', denied)
    kms.next('ListResourceTags', denied, denied)
    await expect(kmsVault({ client: kms.client }).create({ id })).rejects.toEqual(
      code('KEY_CREATION_UNCERTAIN', { reason: expect.stringContaining("'pass-over'") }),
    )
    const vault = kmsVault({ client: kms.client, unreadable: 'pass-over' })
    await expect(vault.create({ id })).resolves.toEqual({ reference: expect.any(String) })
  })

  it('does not choose between two keys of one rotation', async () => {
    await using kms = await startKmsEndpoint()
    const arns = [kms.addKey(), kms.addKey()]
    for (const arn of arns) kms.setTags(arn, { [tag]: id })
    await expect(kmsVault({ client: kms.client }).create({ id })).rejects.toEqual(
      code('KEY_CREATION_UNCERTAIN', { reason: expect.stringContaining(arns.sort().join()) }),
    )
  })

  it.each([
    ['that waits for its deletion', { KeyState: 'PendingDeletion' }, 'PendingDeletion'],
    ['that is disabled', { KeyState: 'Disabled' }, 'Disabled'],
    ['of another spec', { KeySpec: 'ECC_NIST_P256' }, 'not ECC_SECG_P256K1'],
    ['that does not sign', { KeyUsage: 'KEY_AGREEMENT' }, 'KEY_AGREEMENT'],
  ])('does not take a key %s', async (_, facts, reason) => {
    await using kms = await startKmsEndpoint()
    kms.setTags(kms.addKey(facts), { [tag]: id })
    await expect(kmsVault({ client: kms.client }).create({ id })).rejects.toEqual(
      code('KEY_CREATION_UNCERTAIN', { reason: expect.stringContaining(reason) }),
    )
    expect(kms.count('CreateKey')).toBe(0)
  })

  it('passes on what KMS fails with, without its text', async () => {
    await using kms = await startKmsEndpoint()
    kms.addKey()
    kms.always('ListResourceTags', refusal('ValidationException'))
    const failure: unknown = await kmsVault({ client: kms.client })
      .create({ id })
      .catch((thrown: unknown) => thrown)
    expect(failure).toEqual(code('KMS_REQUEST_INVALID'))
    expect(String(failure)).not.toContain(REMOTE_SECRET)
  })

  it('rejects with the reason of an abort, and makes none', async () => {
    await using kms = await startKmsEndpoint()
    const signal = AbortSignal.abort(new Error('not any more'))
    await expect(kmsVault({ client: kms.client }).create({ id, signal })).rejects.toThrow(
      'not any more',
    )
    expect(kms.calls).toEqual([])
  })

  it.each([
    ['a spec that Flow cannot use', 'spec', { spec: 'ECC_NIST_P384' }],
    ['its own tag', 'tags', { tags: { [tag]: 'mine' } }],
    ['50 tags more', 'tags', { tags: Object.fromEntries([...Array(50)].map((_, n) => [n, ''])) }],
    ['a list of tags', 'tags', { tags: null }],
    ['an alias', 'alias', { alias: 'alias/minter' }],
    ['another way with tags that are denied', 'unreadable', { unreadable: 'ignore' }],
    ['no client', 'client', { client: undefined }],
    ['a limit that is none', 'totalTimeoutMs', { limits: { totalTimeoutMs: 0 } }],
  ])('refuses %s', async (_, option, wrong) => {
    await using kms = await startKmsEndpoint()
    const options = { client: kms.client, ...wrong } as Parameters<typeof kmsVault>[0] // wrong on purpose
    expect(() => kmsVault(options)).toThrow(code('INVALID_OPTION', { option }))
  })

  it.each(['', 'ABCDEF0123456789', '0123456789abcdef0', 7])(
    'refuses %j for an id',
    async (wrong) => {
      await using kms = await startKmsEndpoint()
      const rotation = { id: wrong as string } // wrong on purpose
      await expect(kmsVault({ client: kms.client }).create(rotation)).rejects.toEqual(
        code('INVALID_OPTION', { option: 'id' }),
      )
      expect(kms.calls).toEqual([])
    },
  )
})
