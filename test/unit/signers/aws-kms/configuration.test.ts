/** What is wrong on this side is told as that, at once, and nothing is sent. @module */
import { strict as assert } from 'node:assert'
import { KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'
import { createSignOnce } from '../../../../src/authorizer/sign-once.ts'
import { createKey, diagnose } from '../../../../src/provisioning/index.ts'
import { createAwsKmsSigner, describeAwsKmsKey } from '../../../../src/signers/aws-kms/index.ts'
import { patient } from '../../../support/limits.ts'
import { verifyByElliptic } from '../../crypto/independent.ts'
import { inTime, rejectionOf } from '../../flow/servers.ts'
import { configOf, key, keyArn, startKms } from './http-kms.ts'

const secret = 'a-secret-of-somebody'
const named = (name: string, facts: object = {}) =>
  Object.assign(new Error(secret), { name, ...facts })
const answered = (name: string, httpStatusCode: number) =>
  named(name, { $fault: 'client', $metadata: { httpStatusCode } })
/** Configurations are as JavaScript may give them. */
const wrong = (config: object) => config as KMSClientConfig

const signWith = (client: KMSClient | KMSClientConfig) =>
  createAwsKmsSigner({ client, keyId: keyArn, totalTimeoutMs: 60_000 }).publicKey()

/** What is told, and that it did not wait for the total time. */
async function told(client: KMSClient | KMSClientConfig) {
  const { error, elapsedMs } = await rejectionOf(signWith(client))
  expect(elapsedMs).toBeLessThan(inTime(30_000))
  expect(JSON.stringify(error) + String(error)).not.toContain(secret)
  return error
}

describe('a configuration that cannot work', () => {
  const rows: readonly (readonly [string, object, string, object])[] = [
    ['an empty Region', { region: '' }, 'AWS_REGION_INVALID', {}],
    ['a Region that is a number', { region: 5 }, 'AWS_REGION_INVALID', {}],
    [
      'a Region whose provider throws',
      { region: () => Promise.reject(new Error(secret)) },
      'AWS_REGION_INVALID',
      {},
    ],
    ['an empty endpoint', { endpoint: '' }, 'AWS_CONFIG_INVALID', { setting: 'endpoint' }],
    [
      'an endpoint without scheme',
      { endpoint: '127.0.0.1:4566' },
      'AWS_CONFIG_INVALID',
      { setting: 'endpoint' },
    ],
    ['an endpoint of FTP', { endpoint: 'ftp://x' }, 'AWS_CONFIG_INVALID', { setting: 'endpoint' }],
    [
      'a text as endpoint',
      { endpoint: 'not a url' },
      'AWS_CONFIG_INVALID',
      { setting: 'endpoint' },
    ],
    [
      'FIPS with an endpoint',
      { useFipsEndpoint: true },
      'AWS_CONFIG_INVALID',
      { setting: 'useFipsEndpoint' },
    ],
    [
      'dual-stack with an endpoint',
      { useDualstackEndpoint: true },
      'AWS_CONFIG_INVALID',
      { setting: 'useDualstackEndpoint' },
    ],
    [
      'credentials without fields',
      { credentials: {} },
      'AWS_CONFIG_INVALID',
      { setting: 'credentials' },
    ],
    [
      'credentials of variables that are not set',
      { credentials: { accessKeyId: undefined, secretAccessKey: undefined } },
      'AWS_CONFIG_INVALID',
      { setting: 'credentials', reason: 'accessKeyId is missing or empty' },
    ],
    [
      'credentials without a secret',
      { credentials: { accessKeyId: 'AKIA' } },
      'AWS_CONFIG_INVALID',
      { reason: 'secretAccessKey is missing or empty' },
    ],
    [
      'a text as credentials',
      { credentials: 'AKIA' },
      'AWS_CONFIG_INVALID',
      { setting: 'credentials' },
    ],
    [
      'a secret with a line feed',
      { credentials: { accessKeyId: 'AKIA', secretAccessKey: `${secret}\n` } },
      'AWS_CONFIG_INVALID',
      { reason: 'secretAccessKey holds a space or a line feed' },
    ],
    [
      'a token with a line feed',
      {
        credentials: { accessKeyId: 'AKIA', secretAccessKey: secret, sessionToken: `${secret}\n` },
      },
      'AWS_CONFIG_INVALID',
      { reason: 'sessionToken holds a space or a line feed' },
    ],
    [
      'a provider that gives empty fields',
      { credentials: async () => ({ accessKeyId: '', secretAccessKey: '' }) },
      'AWS_CONFIG_INVALID',
      { setting: 'credentials' },
    ],
    [
      'a token file that is missing',
      {
        credentials: () =>
          Promise.reject(
            named('Error', { code: 'ENOENT', syscall: 'open', path: '/nowhere/token' }),
          ),
      },
      'AWS_CONFIG_INVALID',
      { setting: 'credentials', reason: expect.stringContaining('ENOENT') },
    ],
  ]

  it.each(rows)('%s is told as such by a configuration', async (_, change, code, context) => {
    await using server = await startKms('Sign', () => undefined)
    const config = wrong({ ...configOf(server.url), ...change })
    expect(await told(config)).toMatchObject({ code, context })
    expect(server.requests).toEqual([])
  })

  const ofClients = rows.filter(([name]) => name !== 'an empty Region') // its constructor throws
  it.each(ofClients)('%s is told as such by a client', async (_, change, code, context) => {
    await using server = await startKms('Sign', () => undefined)
    const client = new KMSClient(wrong({ ...configOf(server.url), ...change }))
    expect(await told(client)).toMatchObject({ code, context })
    expect(server.requests).toEqual([])
  })

  it('is told so by provisioning, too', async () => {
    const client = wrong({ region: '' })
    await expect(createKey({ client })).rejects.toMatchObject({ code: 'AWS_REGION_INVALID' })
  })

  it('is no matter once it is mended', async () => {
    await using server = await startKms('Sign', () => undefined)
    const fields = { accessKeyId: '', secretAccessKey: secret }
    const client = new KMSClient({
      ...configOf(server.url),
      credentials: async () => ({ ...fields }),
    })
    expect(await told(client)).toMatchObject({ code: 'AWS_CONFIG_INVALID', disposition: 'hold' })
    fields.accessKeyId = 'AKIA'
    expect((await signWith(client)).bytes).toHaveLength(64)
  })
})

describe('a provider of the configuration that never answers', () => {
  const never = () => new Promise<never>(() => {})
  it.each([
    ['region', 'AWS_REGION_INVALID'],
    ['endpoint', 'AWS_CONFIG_INVALID'],
    ['useFipsEndpoint', 'AWS_CONFIG_INVALID'],
    ['credentials', 'KMS_CREDENTIALS_UNAVAILABLE'],
  ])('of %s is told as %s within the total time', async (name, code) => {
    const config = { ...configOf('http://127.0.0.1:9'), [name]: never }
    for (const client of [config, new KMSClient(config)]) {
      const limits = { totalTimeoutMs: 100 }
      const signer = createAwsKmsSigner({ client, keyId: keyArn, ...limits })
      await expect(signer.publicKey()).rejects.toMatchObject({ code })
      const describing = describeAwsKmsKey({ client, keyId: keyArn, limits })
      await expect(describing).rejects.toMatchObject({ code })
    }
  })

  it('is told so by doctor, too', async () => {
    const client = { ...configOf('http://127.0.0.1:9'), region: never }
    const options = { client, keyIds: [], limits: { totalTimeoutMs: 100 } }
    const findings = await diagnose(options)
    expect(findings).toContainEqual(
      expect.objectContaining({ check: 'region', code: 'AWS_REGION_INVALID' }),
    )
  })
})

describe('a client of another make', () => {
  const region = async () => 'us-east-1'
  it.each<[string, unknown]>([
    ['nothing', {}],
    ['null', null],
    ['a text as Region', { region: 'us-east-1' }],
    ['a Region that is not a promise', { region: () => 5 }],
    [
      'a Region whose function throws',
      {
        region: () => {
          throw new Error(secret)
        },
      },
    ],
  ])('that has %s for its configuration has no Region', async (_, config) => {
    const client = { send: async () => ({}), config } as unknown as KMSClient
    expect(await told(client)).toMatchObject({ code: 'AWS_REGION_INVALID' })
    const describing = describeAwsKmsKey({ client, keyId: keyArn })
    await expect(describing).rejects.toMatchObject({ code: 'AWS_REGION_INVALID' })
  })

  it.each<[string, object]>([
    ['a text', { region, endpoint: 'http://127.0.0.1:9' }],
    ['a function that throws', { region, endpoint: () => assert.fail(secret) }],
  ])('that has %s for its endpoint has a wrong one', async (_, config) => {
    const client = { send: async () => ({}), config } as unknown as KMSClient
    expect(await told(client)).toMatchObject({
      code: 'AWS_CONFIG_INVALID',
      context: { setting: 'endpoint' },
    })
  })
})

describe('credentials that are not given', () => {
  const hold: readonly (readonly [string, Error, string])[] = [
    ['STS: AccessDenied', answered('AccessDenied', 403), 'KMS_CREDENTIALS_INVALID'],
    ['STS: InvalidIdentityToken', answered('InvalidIdentityToken', 400), 'KMS_CREDENTIALS_INVALID'],
    [
      'STS: IDPRejectedClaim',
      answered('IDPRejectedClaimException', 403),
      'KMS_CREDENTIALS_INVALID',
    ],
    ['STS: RegionDisabled', answered('RegionDisabledException', 403), 'KMS_CREDENTIALS_INVALID'],
    ['STS: ExpiredToken', answered('ExpiredTokenException', 400), 'KMS_CREDENTIALS_INVALID'],
    ['STS: ValidationError', answered('ValidationError', 400), 'KMS_CREDENTIALS_INVALID'],
    ['SSO: Unauthorized', answered('UnauthorizedException', 401), 'KMS_CREDENTIALS_INVALID'],
    ['a function of the caller', new Error(secret), 'KMS_CREDENTIALS_INVALID'],
    ['no provider at all', named('CredentialsProviderError'), 'KMS_CREDENTIALS_MISSING'],
  ]
  it.each(hold)('by %s are held at once, and KMS is not asked', async (_, error, code) => {
    await using server = await startKms('Sign', () => undefined)
    let asked = 0
    const credentials = () => {
      asked += 1
      return Promise.reject(error)
    }
    expect(await told({ ...configOf(server.url), credentials })).toMatchObject({
      code,
      disposition: 'hold',
      context: { provider: 'the credentials given to the client', remedy: expect.any(String) },
    })
    expect([asked, server.requests]).toEqual([1, []])
  })

  const passing: readonly (readonly [string, Error])[] = [
    ['STS: IDPCommunicationError', answered('IDPCommunicationErrorException', 400)],
    ['STS: Throttling', answered('Throttling', 400)],
    ['SSO: RequestThrottled', answered('RequestThrottledException', 400)],
    ['STS: InternalFailure', answered('InternalFailure', 500)],
    ['a container that answers 503', named('CredentialsProviderError', { statusCode: 503 })],
    ['a socket', named('Error', { code: 'ECONNREFUSED' })],
    ['fetch', new TypeError('fetch failed')],
    ['a time-out', named('TimeoutError')],
  ]
  it.each(passing)('by %s are asked for again, and then it signs', async (_, error) => {
    await using server = await startKms('Sign', () => undefined)
    const given = { accessKeyId: 'AKIA', secretAccessKey: secret }
    const answers = [Promise.reject(error), Promise.reject(error), Promise.resolve(given)]
    for (const answer of answers) answer.catch(() => undefined)
    const credentials = () => answers.shift() ?? Promise.resolve(given)
    expect((await signWith({ ...configOf(server.url), credentials })).bytes).toHaveLength(64)
    expect(answers).toEqual([])
  })

  it.each(passing)('by %s for ever are KMS_CREDENTIALS_UNAVAILABLE', async (_, error) => {
    await using server = await startKms('Sign', () => undefined)
    const client = { ...configOf(server.url), credentials: () => Promise.reject(error) }
    const signer = createAwsKmsSigner({ client, keyId: keyArn, totalTimeoutMs: 100 })
    await expect(signer.publicKey()).rejects.toMatchObject({
      code: 'KMS_CREDENTIALS_UNAVAILABLE',
      disposition: 'retry',
    })
    expect(server.requests).toEqual([])
  })

  it('that never come are not told as KMS being slow', async () => {
    const client = {
      ...configOf('http://127.0.0.1:9'),
      credentials: () => new Promise<never>(() => {}),
    }
    const signer = createAwsKmsSigner({ client, keyId: keyArn, totalTimeoutMs: 100 })
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'KMS_CREDENTIALS_UNAVAILABLE' })
  })

  it.each([...hold.map(([name, error]) => [name, error] as const), ...passing])(
    'by %s for one signer do not keep the other from signing',
    async (_, error) => {
      await using server = await startKms('Sign', (response, good) => response.end(good))
      const config = configOf(server.url)
      const without = { ...config, credentials: () => Promise.reject(error) }
      const signers = [
        createAwsKmsSigner({ client: without, keyId: keyArn, totalTimeoutMs: 200 }),
        createAwsKmsSigner({ client: config, keyId: keyArn, ...patient }),
      ]
      const message = new TextEncoder().encode('a message')
      const signOnce = createSignOnce({})
      const bound = {
        address: '0xf8d6e0586b0a20c7',
        keyIndex: 0,
        weight: 1000,
        hashAlgorithm: 'SHA3_256',
        signatureAlgorithm: 'ECDSA_secp256k1',
        publicKey: '',
        signers,
      } as const
      const signature = await signOnce(bound, message, () => ({ kind: 'user-message' }))
      expect(verifyByElliptic(key, message, 'SHA3_256', signature)).toBe(true)
    },
  )
})

describe('the provider that is named, and what gets credentials', () => {
  const sdk = (message: string) =>
    Object.assign(new Error(message), { name: 'CredentialsProviderError' })
  const chain = 'Could not load credentials from any providers'
  const rows: readonly (readonly [
    string,
    Error,
    object,
    Record<string, string>,
    RegExp,
    RegExp,
  ])[] = [
    [
      'nothing at all',
      sdk(chain),
      {},
      {},
      /^environment, default profile/,
      /^aws configure or aws sso/,
    ],
    [
      'a profile',
      sdk(chain),
      { profile: 'minter' },
      {},
      /^profile minter$/,
      /aws configure --profile minter/,
    ],
    [
      'AWS_PROFILE',
      sdk(chain),
      {},
      { AWS_PROFILE: 'minter' },
      /^profile minter$/,
      /--profile minter/,
    ],
    [
      'a profile that is not there',
      sdk(
        'Could not resolve credentials using profile: [nope] in configuration/credentials file(s).',
      ),
      { profile: 'nope' },
      {},
      /^profile nope$/,
      /^aws configure --profile nope$/,
    ],
    [
      'SSO signed out',
      sdk('The SSO session token associated with profile=m was not found or is invalid.'),
      { profile: 'm' },
      {},
      /^profile m$/,
      /^aws sso login --profile m$/,
    ],
    [
      'a command that failed',
      sdk('Command failed: /usr/bin/get-credentials'),
      { profile: 'm' },
      {},
      /^profile m$/,
      /by hand --profile m$/,
    ],
    [
      'a container',
      sdk(chain),
      {},
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:9' },
      /^AWS_CONTAINER_CREDENTIALS_FULL_URI$/,
      /^attach a role/,
    ],
  ]
  const missing = 'the profile does not exist, or has no credentials'
  const sso = 'signed out of SSO, or its session is over'
  const login = 'To refresh this SSO session run aws sso login with the corresponding profile.'
  const mfa = 'requires multi-factor authentication, but no MFA code callback was provided.'
  const sentences: readonly (readonly [(name: string) => string, string])[] = [
    [(name) => `Profile ${name} was not found.`, missing],
    [(name) => `Profile ${name} could not be found in shared credentials file.`, missing],
    [(name) => `Profile ${name} is not configured with SSO credentials.`, missing],
    [
      (name) =>
        `Could not resolve credentials using profile: [${name}] in configuration/credentials file(s).`,
      missing,
    ],
    [
      (name) => `Profile ${name} ${mfa}`,
      'the profile asks for an MFA code, and nobody is here to type one',
    ],
    [
      (name) =>
        `The SSO session token associated with profile=${name} was not found or is invalid.`,
      sso,
    ],
    [() => `The SSO session associated with this profile has expired. ${login}`, sso],
    [() => `Token is expired. ${login.replace('aws sso login', "'aws sso login'")}`, sso],
    [
      (name) => `Conflicting SSO region configurations in profile ${name} and sso-session ${name}`,
      'the SSO settings of the profile are not whole, or contradict each other',
    ],
    [
      (name) =>
        `Failed to load a token for session ${name}, please re-authenticate using aws login`,
      'signed out of the AWS console session, or it is over',
    ],
    [(name) => `Command failed: ${name}\n${name}`, 'the command in credential_process failed'],
    [
      (name) => `Profile ${name} credential_process returned expired credentials.`,
      'what credential_process printed is expired, or not of its version',
    ],
    [
      (name) => `Profile ${name} credential_process returned invalid JSON.`,
      'what credential_process printed is not what it should be',
    ],
  ]
  it.each(sentences.map(([sentence, reason]) => [sentence('…'), reason, sentence] as const))(
    'are told for "%s" as: %s, whatever names it quotes',
    async (_, reason, sentence) => {
      const names = ['m', 'acme-SSO', 'aws sso login', 'aws login', 'multi-factor', 'fetch failed']
      const others = sentences.map(([other]) => other('other'))
      for (const name of [...names, 'TimeoutError from', 'metadata service', ...others]) {
        const client = new KMSClient({
          region: 'us-east-1',
          credentialDefaultProvider: () => () => Promise.reject(sdk(sentence(name))),
        })
        expect([name, await told(client)]).toMatchObject([
          name,
          { code: 'KMS_CREDENTIALS_MISSING', context: { reason: expect.stringContaining(reason) } },
        ])
      }
    },
  )

  it('are those of the client, too, when they run out on the way', async () => {
    await using server = await startKms('Sign', () => undefined)
    let isOver = false
    const expiration = new Date(Date.now() + 60_000) // so near that they are asked for each time
    const credentials = async () => {
      if (isOver) throw sdk('it ran out')
      return { accessKeyId: 'AKIA', secretAccessKey: secret, expiration }
    }
    const client = new KMSClient({ ...configOf(server.url), credentials })
    const runOut = (next: (args: object) => Promise<object>) => (args: object) => {
      isOver = true
      return next(args)
    }
    client.middlewareStack.add(runOut as never, { step: 'initialize' }) // after ours has looked
    expect(await told(client)).toMatchObject({
      code: 'KMS_CREDENTIALS_MISSING',
      context: { provider: 'the credentials given to the client' },
    })
    expect(server.requests).toEqual([])
  })

  const names = [...new Set(rows.flatMap(([, , , env]) => Object.keys(env)))]
  const before = names.map((name) => [name, process.env[name]] as const)
  afterEach(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })

  it.each(rows)('of %s', async (_, error, config, env, provider, remedy) => {
    Object.assign(process.env, env)
    const client = new KMSClient({
      region: 'us-east-1',
      ...config,
      // What looks for credentials where none were given to the client.
      credentialDefaultProvider: () => () => Promise.reject(error),
    })
    expect(await told(client)).toMatchObject({
      code: 'KMS_CREDENTIALS_MISSING',
      context: {
        provider: expect.stringMatching(provider),
        remedy: expect.stringMatching(remedy),
      },
    })
  })

  it('is that of a token file that is not there', async () => {
    const path = '/nowhere/token'
    Object.assign(process.env, { AWS_WEB_IDENTITY_TOKEN_FILE: path })
    const error = named('Error', { code: 'ENOENT', path })
    const credentialDefaultProvider = () => () => Promise.reject(error)
    const client = new KMSClient({ region: 'us-east-1', credentialDefaultProvider })
    expect(await told(client)).toMatchObject({
      code: 'AWS_CONFIG_INVALID',
      context: { setting: 'AWS_WEB_IDENTITY_TOKEN_FILE' },
    })
    delete process.env['AWS_WEB_IDENTITY_TOKEN_FILE']
  })
})
