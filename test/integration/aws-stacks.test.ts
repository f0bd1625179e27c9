/** The stacks on MiniStack with IAM enforced: a transaction through API Gateway, Lambda and KMS. @module */
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { jest } from '@jest/globals'
import { type StackName, stacks } from '../../src/aws/index.ts'
import { KmsAuthorizer } from '../../src/index.ts'
import {
  type DeployedStack,
  deleteStack,
  deployStack,
  packRemoteSigner,
  type RemoteSignerCode,
  uploadRemoteSigner,
} from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { type FlowChain, noop, startChain } from '../support/flow-chain.ts'
import { createRole, createUser, type Identity, policyOf } from '../support/lambda.ts'
import { bundleRemoteSigner } from '../support/remote-signer-bundle.ts'
import { stripForMiniStack } from '../support/strip-for-ministack.ts'

const region = 'us-east-1'
const services = ['kms', 'sts', 'iam', 'lambda', 'apigateway', 'cloudformation', 'logs', 's3']
const roleArn = (name: string) => `arn:aws:iam::000000000000:role/${name}`
let aws: Aws
let chain: FlowChain
let kms: KMSClient
let bundle: Uint8Array
let keys: DeployedStack
let signer: DeployedStack
let caller: Identity
let address: string
let code: RemoteSignerCode

const deploy = (kind: StackName, name: string, options: unknown) =>
  deployStack({
    ...{ kind, name, client: aws.clientConfig(), pollMs: 20 },
    template: stripForMiniStack(stacks[kind].build(options)),
  })
const keyOptions = (environment: string) => ({
  environment,
  adminRoleArn: roleArn('key-admin'),
  signer: { roleName: `signer-${environment}`, service: 'lambda' },
  keys: [{ name: 'minter' }],
})
const signerOptions = (changes: object = {}) => ({
  environment: 'production',
  keyArn: keys.outputs['KeyMinterArn'],
  roleArn: keys.outputs['SignerRoleArn'],
  code: { bucket: 'code-of-ours', key: code.key },
  callerRoleArns: [roleArn('flow-backend')],
  door: { kind: 'rest-api', requestsPerSecond: 100, burst: 50 },
  ...changes,
})

async function packFor(maxComputeLimit: number): Promise<RemoteSignerCode> {
  const rule = { name: 'noop', cadence: noop, parameters: [], maxComputeLimit }
  const policy = { chainId: 'flow-emulator', accounts: [address], scripts: [rule] }
  const document = { key: 'minter', accounts: [address], payload: true, envelope: true, policy }
  const packed = await packRemoteSigner({ document, bundle })
  await uploadRemoteSigner({ client: aws.clientConfig(), bucket: 'code-of-ours', code: packed })
  return packed
}

beforeAll(async () => {
  ;[aws, chain, bundle] = await Promise.all([
    startAws({ auth: true, services }),
    startChain(),
    bundleRemoteSigner(),
  ])
  kms = new KMSClient(aws.clientConfig())
  const s3 = new S3Client({ ...aws.clientConfig(), forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: 'code-of-ours' }))
  s3.destroy()
  await createRole(aws, 'key-admin', { AWS: 'arn:aws:iam::000000000000:root' })
  await createRole(aws, 'flow-backend', { AWS: 'arn:aws:iam::000000000000:root' })
  keys = await deploy('signing-keys', 'keys', keyOptions('production'))
  const mine = createAwsKmsSigner({ client: kms, keyId: keys.outputs['KeyMinterArn'] ?? '' })
  address = await chain.createAccount([{ signer: mine, weight: 1_000 }])
  code = await packFor(100)
  signer = await deploy('remote-signer', 'signer', signerOptions())
  caller = await assume('flow-backend')
})
afterAll(async () => {
  kms?.destroy()
  await aws?.stop()
  await chain?.[Symbol.asyncDispose]()
})

async function assume(name: string): Promise<Identity> {
  const sts = new STSClient(aws.clientConfig())
  const RoleArn = roleArn(name)
  const command = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' })
  const { Credentials } = await sts.send(command)
  sts.destroy()
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  }
}

/** MiniStack serves the host of AWS as a path. */
function urlHere(): string {
  const { host, pathname } = new URL(signer.outputs['Url'] ?? '')
  return `${aws.endpoint}/_aws/execute-api/${host.split('.')[0]}${pathname}`
}
const remote = (credentials: Identity = caller) =>
  createRemoteSigner({
    ...{ url: urlHere(), key: 'minter', credentials },
    sigv4: { service: 'execute-api' as const, region },
  })
const send = (limit = 100) => {
  const authz = KmsAuthorizer.fromSigners(remote()).authorize(address)
  return chain.send({ cadence: noop, authz, limit })
}
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )
const request = { message: new Uint8Array(40), hashAlgorithm: 'SHA3_256' } as const

describe('a deployed remote signer', () => {
  it('signs a transaction that seals, through API Gateway, Lambda and KMS', async () => {
    expect((await send()).errorMessage).toBe('')
  })

  it('refuses what its document does not allow', async () => {
    expect(await rejection(send(101))).toMatchObject({
      code: 'REMOTE_SIGNER_REFUSED',
      context: { serviceCode: 'POLICY_REFUSED' },
    })
  })

  it('lets in nobody who does not sign', async () => {
    const method = 'POST'
    const headers = { 'content-type': 'application/json' }
    const reply = await fetch(urlHere(), { method, headers, body: '{}' })
    expect(reply.status).toBe(403)
  })

  it.each<[string, () => Promise<Identity>]>([
    ['a wrong signature', async () => ({ ...caller, secretAccessKey: 'wrong'.repeat(8) })],
    ['a stranger', () => createUser(aws, 'stranger', policyOf('s3:GetObject', '*'))],
    ['the signing role', () => assume('signer-production')],
  ])('does not let in %s', async (_, identity) => {
    expect(await rejection(remote(await identity()).sign(request))).toMatchObject({
      code: 'REMOTE_SIGNER_DENIED',
      disposition: 'hold',
    })
  })

  it.each([-20, 20])('does not take a request of %d minutes', async (minutes) => {
    const now = Date.now() + minutes * 60_000
    jest.useFakeTimers({ now, doNotFake: [...timers] })
    try {
      expect(await rejection(remote().publicKey())).toMatchObject({
        code: 'REMOTE_SIGNER_CLOCK_SKEWED',
      })
    } finally {
      jest.useRealTimers()
    }
  })
})

describe('environments', () => {
  it('are kept apart: a role of development signs with its own key only, and so does the Lambda', async () => {
    const other = await deploy('signing-keys', 'keys-dev', keyOptions('development'))
    const development = other.outputs['KeyMinterArn'] ?? ''
    const production = keys.outputs['KeyMinterArn'] ?? ''
    const tries: readonly (readonly [string, string, boolean])[] = [
      ['signer-development', development, true],
      ['signer-development', production, false],
      ['signer-production', production, true],
      ['signer-production', development, false],
      ['key-admin', production, false],
      ['flow-backend', production, false],
    ]
    for (const [role, keyId, may] of tries) {
      const client = { ...aws.clientConfig(), credentials: await assume(role) }
      const signing = createAwsKmsSigner({ client, keyId }).sign(request)
      const code = await signing.then(
        () => 'signed',
        (thrown: { code?: string }) => thrown.code,
      )
      expect([role, keyId, code]).toEqual([role, keyId, may ? 'signed' : 'KMS_ACCESS_DENIED'])
    }
  })
})

describe('a changed stack', () => {
  it('leaves key and service, and takes the new policy', async () => {
    code = await packFor(101)
    const changed = await deploy('remote-signer', 'signer', signerOptions())
    expect(changed.result).toBe('updated')
    expect((await send(101)).errorMessage).toBe('')
    const again = await deploy('signing-keys', 'keys', keyOptions('production'))
    expect(again).toMatchObject({ result: 'unchanged', outputs: keys.outputs })
  })

  it('that fails is rolled back, and the service goes on', async () => {
    const missing = { code: { bucket: 'code-of-ours', key: 'not-there.zip' } }
    const deploying = deploy('remote-signer', 'signer', signerOptions(missing))
    expect(await rejection(deploying)).toMatchObject({
      code: 'STACK_FAILED',
      context: { resource: expect.stringContaining('Function'), rolledBack: true },
    })
    expect((await send()).errorMessage).toBe('')
  })

  it('that is deleted keeps its keys', async () => {
    const client = aws.clientConfig()
    await deleteStack({ kind: 'remote-signer', name: 'signer', client, pollMs: 20 })
    const deleted = await deleteStack({ kind: 'signing-keys', name: 'keys', client, pollMs: 20 })
    expect(deleted.kept.map(({ type }) => type)).toContain('AWS::KMS::Key')
    const KeyId = keys.outputs['KeyMinterArn'] ?? ''
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
    expect(KeyMetadata?.KeyState).toBe('Enabled')
  })
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
