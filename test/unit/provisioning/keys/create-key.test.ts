import { createKey } from '../../../../src/provisioning/index.ts'
import { holdClock } from '../../../support/held-clock.ts'
import { ANSWERS_MS } from '../../../support/limits.ts'
import { REMOTE_SECRET, refusal, startKmsEndpoint } from '../kms-endpoint.ts'

const code = (expected: string, context: object = {}) =>
  expect.objectContaining({ code: expected, context: expect.objectContaining(context) })

describe('createKey', () => {
  it.each([
    ['ECC_SECG_P256K1', 'ECDSA_secp256k1'],
    ['ECC_NIST_P256', 'ECDSA_P256'],
  ] as const)(
    'makes a key of spec %s with alias, tags and description',
    async (spec, algorithm) => {
      await using kms = await startKmsEndpoint()
      const key = await createKey({
        client: kms.client,
        spec,
        alias: 'alias/minter',
        tags: { team: 'drops' },
        description: 'mints',
        multiRegion: true,
      })
      expect(key).toEqual({
        keyId: expect.stringMatching(/^mrk-/),
        keyArn: expect.stringMatching(/:key\/mrk-/),
        alias: 'alias/minter',
        keySpec: spec,
        multiRegion: true,
        publicKey: expect.stringMatching(/^[0-9a-f]{128}$/),
        signatureAlgorithm: algorithm,
      })
      expect(kms.inputs('CreateKey')).toEqual([
        {
          KeySpec: spec,
          KeyUsage: 'SIGN_VERIFY',
          MultiRegion: true,
          Description: 'mints',
          Tags: [{ TagKey: 'team', TagValue: 'drops' }],
        },
      ])
    },
  )

  it.each([
    ['a spec that Flow cannot use', 'spec', { spec: 'ECC_NIST_P384' }],
    ['a spec that objects have', 'spec', { spec: 'toString' }],
    ['an alias without alias/', 'alias', { alias: 'minter' }],
    ['an empty alias', 'alias', { alias: 'alias/' }],
    ['an alias of AWS', 'alias', { alias: 'alias/aws/minter' }],
    ['an alias with a space', 'alias', { alias: 'alias/with space' }],
    ['a long description', 'description', { description: 'x'.repeat(8_193) }],
    ['a tag of AWS', 'tags', { tags: { 'aws:x': 'y' } }],
    ['a tag without a key', 'tags', { tags: { '': 'y' } }],
    ['a semicolon in a tag', 'tags', { tags: { x: 'a;b' } }],
    ['a long tag', 'tags', { tags: { x: 'y'.repeat(257) } }],
    ['51 tags', 'tags', { tags: Object.fromEntries([...Array(51)].map((_, n) => [`k${n}`, ''])) }],
    ['a text for multiRegion', 'multiRegion', { multiRegion: 'yes' }],
    ['a misspelt option', 'Alias', { Alias: 'alias/x' }],
  ])('refuses %s before any call', async (_, option, wrong) => {
    await using kms = await startKmsEndpoint()
    const options = { client: kms.client, ...wrong } as Parameters<typeof createKey>[0] // wrong on purpose
    await expect(createKey(options)).rejects.toEqual(code('INVALID_OPTION', { option }))
    expect(kms.calls).toEqual([])
  })

  it('refuses an alias that names a key, before a key is made', async () => {
    await using kms = await startKmsEndpoint()
    kms.setAlias('alias/taken', kms.addKey())
    await expect(createKey({ client: kms.client, alias: 'alias/taken' })).rejects.toEqual(
      code('INVALID_OPTION', { option: 'alias', reason: 'it already names a key' }),
    )
    expect(kms.calls).toEqual(['DescribeKey'])
  })

  it.each(['CreateAlias', 'GetPublicKey'])(
    'tells which key exists when %s is denied',
    async (operation) => {
      await using kms = await startKmsEndpoint()
      kms.always(operation, refusal('AccessDeniedException'))
      const failure: unknown = await createKey({ client: kms.client, alias: 'alias/a' }).catch(
        (thrown: unknown) => thrown,
      )
      expect(failure).toEqual(
        code('KEY_CREATION_INCOMPLETE', {
          keyArn: expect.stringMatching(/^arn:aws:kms:us-east-1:111122223333:key\//),
          step: `${operation}: KMS_ACCESS_DENIED`,
        }),
      )
      expect(String(failure)).not.toContain(REMOTE_SECRET)
    },
  )

  it('tells which key exists when the caller aborts after it was made', async () => {
    await using kms = await startKmsEndpoint()
    kms.always('GetPublicKey', 'hang')
    const controller = new AbortController()
    using _clock = holdClock() // reading goes on without us
    const creating = createKey({ client: kms.client, signal: controller.signal })
    while (kms.count('GetPublicKey') === 0) await new Promise(setImmediate)
    controller.abort(new Error('not any more'))
    await expect(creating).rejects.toEqual(code('KEY_CREATION_INCOMPLETE'))
  })

  it('waits for a new key to be seen', async () => {
    await using kms = await startKmsEndpoint()
    kms.next('GetPublicKey', refusal('NotFoundException'))
    await expect(createKey({ client: kms.client })).resolves.toMatchObject({ multiRegion: false })
  })

  it('knows its own alias again when the answer to CreateAlias was lost', async () => {
    await using kms = await startKmsEndpoint()
    kms.next('CreateAlias', (usual) => {
      usual()
      return 'drop'
    })
    const key = await createKey({ client: kms.client, alias: 'alias/a' })
    expect(key.alias).toBe('alias/a')
    expect(kms.count('CreateAlias')).toBe(2)
  })

  it('does not take an alias for its own that somebody else made meanwhile', async () => {
    await using kms = await startKmsEndpoint()
    const other = kms.addKey()
    kms.next('CreateAlias', () => {
      kms.setAlias('alias/a', other)
      return refusal('AlreadyExistsException')
    })
    await expect(createKey({ client: kms.client, alias: 'alias/a' })).rejects.toEqual(
      code('KEY_CREATION_INCOMPLETE', { step: 'CreateAlias: KMS_REQUEST_INVALID' }),
    )
  })
})

describe('CreateKey is not sent twice', () => {
  it.each([
    ['the connection breaks', 'drop', 'KMS_UNAVAILABLE', ANSWERS_MS],
    ['KMS fails with 500', refusal('KMSInternalException', 500), 'KMS_UNAVAILABLE', ANSWERS_MS],
    ['a proxy answers 503', { status: 503, body: {} }, 'KMS_UNAVAILABLE', ANSWERS_MS],
    ['no answer comes', 'hang', 'KMS_TIMEOUT', 300],
  ] as const)('when %s', async (_, step, expected, requestTimeoutMs) => {
    await using kms = await startKmsEndpoint()
    kms.always('CreateKey', step)
    const limits = { requestTimeoutMs, totalTimeoutMs: ANSWERS_MS }
    await expect(createKey({ client: kms.client, limits })).rejects.toEqual(code(expected))
    expect(kms.count('CreateKey')).toBe(1)
  })

  it('but again when KMS throttled it', async () => {
    await using kms = await startKmsEndpoint()
    kms.next('CreateKey', refusal('ThrottlingException'), refusal('ThrottlingException'))
    await expect(createKey({ client: kms.client })).resolves.toHaveProperty('keyArn')
    expect(kms.count('CreateKey')).toBe(3)
  })
})
