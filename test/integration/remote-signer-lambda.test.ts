/** A signing service in a Lambda, behind IAM, by each of its addresses. @module */
import { request as openRequest } from 'node:http'
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
} from '@aws-sdk/client-kms'
import { jest } from '@jest/globals'
import { KmsAuthorizer } from '../../src/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createRemoteSigner, type RemoteSignerOptions } from '../../src/signers/remote/index.ts'
import { createSoftwareSigner } from '../../src/signers/software-signer.ts'
import { describeSignerContract } from '../contract/signer-contract.ts'
import { type ProxiedRequest, startFaultProxy } from '../support/fault-proxy.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import {
  type Exposed,
  type Identity,
  type LambdaCloud,
  policyOf,
  startLambdaCloud,
} from '../support/lambda.ts'
import { patient } from '../support/limits.ts'
import { hexOf, softKey } from '../unit/crypto/independent.ts'

let cloud: LambdaCloud
let chain: FlowChain
let kms: KMSClient
let keyArn: string
let exposed: Exposed
let caller: Identity
let address: string

beforeAll(async () => {
  console.error = () => undefined // FCL prints every failure; the console is this file's own
  ;[cloud, chain] = await Promise.all([startLambdaCloud(), startChain()])
  kms = new KMSClient(cloud.aws.clientConfig())
  const spec = { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' } as const
  keyArn = (await kms.send(new CreateKeyCommand(spec))).KeyMetadata?.Arn ?? ''
  const signer = createAwsKmsSigner({ client: kms, keyId: keyArn })
  address = await chain.createAccount([{ signer, weight: 1_000 }])
  const functionArn = await cloud.deploy({
    name: 'signer',
    source: 'lambda-signing.mjs',
    environment: { ADDRESS: address, CADENCE: noop, KEY_ID: keyArn, KMS_URL: cloud.aws.endpoint },
    policy: policyOf(['kms:Sign', 'kms:GetPublicKey'], keyArn),
  })
  exposed = await cloud.expose(functionArn)
  caller = await cloud.createUser('caller', policyOf(allowed, '*'))
})
afterAll(async () => {
  kms?.destroy()
  await cloud?.[Symbol.asyncDispose]()
  await chain?.[Symbol.asyncDispose]()
})

const allowed = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction', 'execute-api:Invoke']
const region = 'us-east-1'
const names = ['a function URL', 'a REST API', 'an HTTP API', 'Invoke'] as const
type Way = (typeof names)[number]

function optionsOf(way: Way, credentials: Identity = caller): RemoteSignerOptions {
  const key = 'minter'
  const client = { ...cloud.aws.clientConfig(), credentials }
  const api = { key, credentials, sigv4: { service: 'execute-api', region } } as const
  switch (way) {
    case 'a function URL':
      return { ...api, url: exposed.functionUrl, sigv4: { service: 'lambda', region } }
    case 'a REST API':
      return { ...api, url: exposed.restUrl }
    case 'an HTTP API':
      return { ...api, url: exposed.httpUrl }
    case 'Invoke':
      return { key, lambda: { functionName: 'signer', client } }
  }
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )
/** Anything: who is not let in is not read. */
const request = { message: new Uint8Array(40), hashAlgorithm: 'SHA3_256' } as const

describe.each(names)('by %s', (way) => {
  it('a transaction is signed that seals, and the key of KMS is told', async () => {
    const events: unknown[] = []
    const signer = createRemoteSigner(optionsOf(way))
    const authorizer = KmsAuthorizer.fromSigners(signer, { onSign: (event) => events.push(event) })
    const authz = authorizer.authorize(address)
    const outcome = await chain.send({ cadence: noop, authz, limit: 100 })
    expect(outcome.errorMessage).toBe('')
    expect(events).toMatchObject([{ signerId: signer.id, backendKeyId: keyArn, attempts: 1 }])
  })

  it('another script is refused by the policy there', async () => {
    const authz = KmsAuthorizer.fromSigners(createRemoteSigner(optionsOf(way))).authorize(address)
    const cadence = `${noop} // and a comment`
    expect(await rejection(chain.send({ cadence, authz, limit: 100 }))).toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      disposition: 'refuse',
      context: { serviceCode: 'POLICY_REFUSED', requestId: expect.any(String) },
    })
  })

  it('an unknown key name is told so', async () => {
    const signer = createRemoteSigner({ ...optionsOf(way), key: 'payer' })
    expect(await rejection(signer.publicKey())).toMatchObject({
      code: 'REMOTE_SIGNER_REQUEST_REFUSED',
      disposition: 'fail',
      context: { serviceCode: 'SIGNING_KEY_UNKNOWN' },
    })
  })

  it.each<[string, () => Promise<Identity>]>([
    ['with a wrong secret', async () => ({ ...caller, secretAccessKey: 'wrong'.repeat(8) })],
    [
      'with a key that nobody has',
      async () => ({ ...caller, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' }),
    ],
    [
      'without the permission',
      () => cloud.createUser(`no-${names.indexOf(way)}`, policyOf('s3:GetObject', '*')),
    ],
  ])('who comes %s is not let in', async (_, identity) => {
    const signer = createRemoteSigner(optionsOf(way, await identity()))
    expect(await rejection(signer.sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_DENIED',
      disposition: 'hold',
    })
  })
})

describe('a key that is disabled in the other account', () => {
  afterAll(() => kms.send(new EnableKeyCommand({ KeyId: keyArn })))

  it('holds, with the code of KMS', async () => {
    await kms.send(new DisableKeyCommand({ KeyId: keyArn }))
    const authz = KmsAuthorizer.fromSigners(createRemoteSigner(optionsOf('Invoke'))).authorize(
      address,
    )
    expect(await rejection(chain.send({ cadence: noop, authz, limit: 100 }))).toMatchObject({
      code: 'REMOTE_SIGNER_HELD',
      disposition: 'hold',
      context: { serviceCode: 'KEY_DISABLED' },
    })
  })
})

describe('a function that is not there', () => {
  it('is REMOTE_SIGNER_NOT_FOUND', async () => {
    const lambda = { functionName: 'nobody', client: cloud.aws.clientConfig() }
    const signer = createRemoteSigner({ lambda, key: 'minter' })
    expect(await rejection(signer.publicKey())).toMatchObject({
      code: 'REMOTE_SIGNER_NOT_FOUND',
      disposition: 'hold',
    })
  })
})

describe('a signed request', () => {
  /** What our signer sends to this URL, caught on the way; `Host` is that of MiniStack. */
  async function caught(way: 'a function URL' | 'a REST API'): Promise<ProxiedRequest> {
    await using proxy = await startFaultProxy({ target: cloud.aws.endpoint })
    const seen: ProxiedRequest[] = []
    proxy.setFault((each) => {
      seen.push(each)
      return { kind: 'status', status: 403, body: '' }
    })
    const options = optionsOf(way) as { url: string } & RemoteSignerOptions // of one with a URL
    const url = options.url.replace(cloud.aws.endpoint, proxy.url)
    await rejection(createRemoteSigner({ ...options, url } as RemoteSignerOptions).publicKey())
    const [first] = seen
    if (first === undefined) throw new Error('nothing came')
    return first
  }

  /** To MiniStack, with the host that was signed. */
  const statusOf = ({ method, path, headers, body }: ProxiedRequest): Promise<number> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(cloud.aws.endpoint)
      const outgoing = openRequest({ hostname, port, method, path, headers }, (incoming) => {
        incoming.resume()
        resolve(incoming.statusCode ?? 0)
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })

  const other = (text: string, at: number) =>
    `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`
  const header = (name: string, change: (value: string) => string) => (given: ProxiedRequest) => ({
    ...given,
    headers: { ...given.headers, [name]: change(String(given.headers[name])) },
  })

  it.each(['a function URL', 'a REST API'] as const)('to %s is taken as it is', async (way) => {
    const given = await caught(way)
    expect(Object.keys(given.headers)).not.toContain('x-amz-content-sha256')
    expect(await statusOf(given)).toBe(200)
  })

  const changes: readonly (readonly [string, (given: ProxiedRequest) => ProxiedRequest])[] = [
    ...[0, 1, 12, 30].map(
      (at) =>
        [
          `byte ${at} of the body`,
          (given: ProxiedRequest) => ({
            ...given,
            body: Buffer.from(other(String(given.body), at)),
          }),
        ] as const,
    ),
    [
      'a byte more in the body',
      (given) => ({
        ...given,
        body: Buffer.concat([given.body, Buffer.from(' ')]),
        headers: { ...given.headers, 'content-length': String(given.body.length + 1) },
      }),
    ],
    ['the signature', header('authorization', (value) => other(value, value.length - 1))],
    [
      'the access key',
      header('authorization', (value) => value.replace('Credential=A', 'Credential=B')),
    ],
    [
      'the time',
      header('x-amz-date', (value) => value.replace(/.Z$/, (end) => (end === '0Z' ? '1Z' : '0Z'))),
    ],
    ['the content type', header('content-type', () => 'application/json; charset=utf-8')],
    ['the host', header('host', () => 'elsewhere.example.com')],
    ['the path', (given) => ({ ...given, path: `${given.path}x` })],
    [
      'no signature',
      ({ headers: { authorization: _, ...headers }, ...given }) => ({ ...given, headers }),
    ],
  ]
  it.each(changes)('is refused with %s changed', async (_, change) => {
    for (const way of ['a function URL', 'a REST API'] as const)
      expect([way, await statusOf(change(await caught(way)))]).toEqual([way, 403])
  })

  it.each([-20, 20])(
    'is REMOTE_SIGNER_CLOCK_SKEWED with a clock %d minutes off',
    async (minutes) => {
      const now = Date.now() + minutes * 60_000
      jest.useFakeTimers({ now, advanceTimers: false, doNotFake: [...timers] })
      try {
        for (const way of ['a function URL', 'a REST API'] as const) {
          const error = await rejection(createRemoteSigner(optionsOf(way)).publicKey())
          expect(error).toMatchObject({ code: 'REMOTE_SIGNER_CLOCK_SKEWED', disposition: 'hold' })
        }
      } finally {
        jest.useRealTimers()
      }
    },
  )
})

/** Everything but `Date`. */
const timers = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const

describeSignerContract(
  'The remote signer by Invoke',
  async (algorithm) => {
    const { privateKey } = softKey(algorithm)
    const name = `anything-${algorithm}`
    const environment = { ALGORITHM: algorithm, PRIVATE_KEY: hexOf(privateKey) }
    await cloud.deploy({
      name,
      source: 'lambda-anything.mjs',
      environment,
      policy: policyOf('logs:*', '*'),
    })
    const proxy = await startFaultProxy({ target: cloud.aws.endpoint })
    const client = { ...cloud.aws.clientConfig(), endpoint: proxy.url, credentials: caller }
    const wrong = createSoftwareSigner({ algorithm })
    const options = {
      lambda: { functionName: name, client },
      key: 'minter',
      maxSockets: 4, // MiniStack starts a process for each call at the same time
    }
    return {
      signer: createRemoteSigner({ ...options, ...patient }),
      hasty: createRemoteSigner({ ...options, requestTimeoutMs: 4_000, totalTimeoutMs: 5_000 }),
      secrets: [privateKey, caller.secretAccessKey],
      interrupt: async () => proxy.setFault(() => ({ kind: 'reset-before' })),
      freeze: async () => proxy.setFault(() => ({ kind: 'blackhole' })),
      async corrupt(how) {
        const message = new TextEncoder().encode('FLOW-V0.0-user, as it were: a message')
        const signature = hexOf(await wrong.sign({ message, hashAlgorithm: 'SHA3_256' }))
        proxy.setFault(() => ({
          kind: 'rewrite',
          fn: (body) =>
            how === 'other-key'
              ? body.replace(/"signature": *"[0-9a-f]+"/, `"signature":"${signature}"`)
              : body.replace(/(?<="signature": *"[0-9a-f]{127})./, (digit) =>
                  (Number.parseInt(digit, 16) ^ 1).toString(16),
                ),
        }))
      },
      restore: async () => proxy.setFault(undefined),
      async dispose() {
        await proxy.stop()
      },
    }
  },
  { faults: ['interrupt', 'freeze', 'corrupt'] },
)
