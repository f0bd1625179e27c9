/** Sealed keys and the admin server as stacks, each used by the role that it is for. @module */
import {
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetKeyPolicyCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectLockConfiguration,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { createS3Place } from '../../examples/admin-server/src/audit/anchor-s3.ts'
import { type AdminServerOptions, adminServerStack } from '../../src/aws/index.ts'
import type { DeployedStack } from '../../src/provisioning/index.ts'
import { createAwsKmsSigner } from '../../src/signers/aws-kms/index.ts'
import { createS3KeyStore, createSealedKeys } from '../../src/signers/sealed-key/index.ts'
import type { AwsClientConfig } from '../../src/testing/start-aws.ts'
import { jsonCall } from '../support/aws-calls.ts'
import { createRole } from '../support/lambda.ts'
import { rejection, roleArn, type StackCloud, startStackCloud } from '../support/stack-cloud.ts'

const admin = { environment: 'production', adminRoleArn: roleArn('key-admin') }
const request = { message: new Uint8Array(40), hashAlgorithm: 'SHA3_256' } as const

let cloud: StackCloud
beforeAll(async () => {
  cloud = await startStackCloud('secretsmanager', 'ec2', 'autoscaling')
})
afterAll(() => cloud?.[Symbol.asyncDispose]())

/** MiniStack believes a balancer before it that says the client came by TLS, as one does on AWS. */
function bucketOf(config: AwsClientConfig, { tls = true } = {}): S3Client {
  const client = new S3Client({ ...config, forcePathStyle: true })
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> } // of HTTP
      if (tls) headers['x-forwarded-proto'] = 'https'
      return next(args)
    },
    { step: 'build' },
  )
  return client
}
const denied = { name: expect.stringMatching(/^AccessDenied/) }

describe('sealed keys', () => {
  const options = { ...admin, roleName: 'flow-wallets', service: 'ecs-tasks' }
  let stack: DeployedStack
  const keysAs = async (roleName: string) => {
    const config = await cloud.as(roleName)
    const kms = new KMSClient(config)
    const store = createS3KeyStore({
      ...{ client: bucketOf(config), bucket: stack.outputs['BucketName'] ?? '' },
    })
    return createSealedKeys({ kms, keyId: stack.outputs['WrappingKeyArn'] ?? '', store })
  }
  beforeAll(async () => {
    stack = await cloud.deploy('sealed-keys', 'sealed', options)
    await cloud.letIn('flow-wallets')
  })

  it('are made, listed and opened by the role of the stack', async () => {
    const keys = await keysAs('flow-wallets')
    await keys.create('wallet-1', { algorithm: 'ECDSA_secp256k1' })
    expect(await keys.signer('wallet-1').sign(request)).toHaveLength(64)
    const ids: string[] = []
    for await (const { id } of keys.list()) ids.push(id)
    expect(ids).toEqual(['wallet-1'])
  })

  it('are read by nobody without TLS', async () => {
    const s3 = bucketOf(await cloud.as('flow-wallets'), { tls: false })
    const listing = new ListObjectsV2Command({ Bucket: stack.outputs['BucketName'] })
    expect(await rejection(s3.send(listing))).toMatchObject(denied)
    s3.destroy()
  })

  it.each(['key-admin', 'flow-backend'])('are opened by no %s', async (roleName) => {
    const keys = await keysAs(roleName)
    expect(await rejection(keys.signer('wallet-1').sign(request))).toMatchObject({
      disposition: 'hold',
    })
  })

  it('open after the stack was changed, and lie where they were when it is gone', async () => {
    const changed = { ...options, keyPairsOfKms: true }
    expect(await cloud.deploy('sealed-keys', 'sealed', changed)).toMatchObject({
      result: 'updated',
      outputs: stack.outputs,
    })
    const keys = await keysAs('flow-wallets')
    expect(await keys.signer('wallet-1').sign(request)).toHaveLength(64)

    const { kept } = await cloud.remove('sealed-keys', 'sealed')
    expect(kept.map(({ logicalId }) => logicalId)).toEqual(
      expect.arrayContaining(['Bucket', 'BucketPolicy', 'WrappingKey']),
    )
    const KeyId = stack.outputs['WrappingKeyArn'] ?? ''
    const { KeyMetadata } = await cloud.kms.send(new DescribeKeyCommand({ KeyId }))
    expect(KeyMetadata?.KeyState).toBe('Enabled')
    const s3 = bucketOf(cloud.aws.clientConfig())
    const listing = new ListObjectsV2Command({ Bucket: stack.outputs['BucketName'] })
    expect((await s3.send(listing)).KeyCount).toBe(1)
    s3.destroy()
  })
})

describe('an enclave', () => {
  const options = {
    ...{ ...admin, proposerRoleArn: roleArn('release'), roleName: 'flow-enclave-parent' },
    ...{ enclaveName: 'mint-signer', images: [{ pcr0: '5f'.repeat(48) }], records: 'bucket' },
    ...{ amiId: 'ami-0123456789abcdef0', callers: [{ cidr: '10.0.3.0/24' }] },
    network: { cidr: '10.71.0.0/24' },
  }
  const EncryptionContext = { 'fcl-kms': 'sealed-key', enclave: 'mint-signer', wallet: 'minter' }
  let KeyId: string
  let Bucket: string
  beforeAll(async () => {
    await createRole(cloud.aws, 'release', { Service: 'ec2.amazonaws.com' })
    const { outputs } = await cloud.deploy('enclave', 'enclave', options)
    KeyId = outputs['WrappingKeyArn'] ?? ''
    Bucket = outputs['BucketName'] ?? ''
    await cloud.letIn('flow-enclave-parent')
  })
  const kmsAs = async (name: string) =>
    new KMSClient(name === 'root' ? cloud.aws.clientConfig() : await cloud.as(name))

  // MiniStack knows no document, so of the denials it shows that they hold without one.
  it.each(['flow-enclave-parent', 'key-admin', 'flow-backend'])(
    'has a key that gives %s no plaintext without a document, and wraps nothing for it',
    async (name) => {
      const kms = await kmsAs(name)
      const generate = new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext })
      expect(await rejection(kms.send(generate))).toMatchObject(denied)
      const encrypt = new EncryptCommand({
        KeyId,
        Plaintext: new Uint8Array(32),
        EncryptionContext,
      })
      expect(await rejection(kms.send(encrypt))).toMatchObject(denied)
      kms.destroy()
    },
  )

  it('has a policy that its administrator does not change by a call of its own', async () => {
    const kms = await kmsAs('key-admin')
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }))
    expect(await rejection(kms.send(new PutKeyPolicyCommand({ KeyId, Policy })))).toMatchObject(
      denied,
    )
    kms.destroy()
  })

  it('keeps its records by the role of its parent, which removes none', async () => {
    const s3 = bucketOf(await cloud.as('flow-enclave-parent'))
    const store = createS3KeyStore({ client: s3, bucket: Bucket })
    const record = new Uint8Array(64).fill(1)
    expect(await store.create('minter', record)).toBe(true)
    expect(await store.read('minter')).toEqual(record)
    expect(await store.read('another')).toBeUndefined()
    const [{ Key } = {}] = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []
    const removal = new DeleteObjectCommand({ Bucket, Key })
    expect(await rejection(s3.send(removal))).toMatchObject(denied)
    s3.destroy()
  })
})

describe('the admin server', () => {
  const roleName = 'flow-admin-server'
  /** ECS takes it, and gives the server its secrets. */
  const starter = `${roleName}-execution`
  let stack: DeployedStack
  let keys: DeployedStack
  let config: AwsClientConfig
  let options: AdminServerOptions
  const secret = (as: AwsClientConfig, action: string, body: object) =>
    jsonCall(as, 'secretsmanager', `secretsmanager.${action}`, body)
  const secretArn = async (Name: string) => {
    const given = { Name, SecretString: 'its value' }
    return String((await secret(cloud.aws, 'CreateSecret', given)).told['ARN'])
  }
  let secrets: readonly string[]
  beforeAll(async () => {
    secrets = [await secretArn('database'), await secretArn('others')]
    keys = await cloud.deploy('signing-keys', 'keys', {
      ...{ ...admin, signer: { roleArn: roleArn(roleName) } },
      keys: [{ name: 'minter' }, { name: 'payer' }],
    })
    options = {
      ...{ environment: 'production', keyArns: [keys.outputs['KeyMinterArn'] ?? ''], roleName },
      ...{ service: 'ecs-tasks', secrets: { DATABASE_URL: secrets[0] ?? '' }, auditDays: 30 },
      ...{ database: { cidr: '10.0.3.0/24' } },
      ...{ vpcId: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] },
      routeTableIds: ['rtb-0123456789abcdef0'],
      balancerSecurityGroupId: 'sg-0123456789abcdef0',
    }
    stack = await cloud.deploy('admin-server', 'admin', options)
    await cloud.letIn(roleName)
    await cloud.letIn(starter)
    config = await cloud.as(roleName)
  })

  it('signs with its key', async () => {
    const keyId = keys.outputs['KeyMinterArn'] ?? ''
    expect(await createAwsKmsSigner({ client: config, keyId }).sign(request)).toHaveLength(64)
  })

  it('is started by a role that reads its secret and no other, and reads none itself', async () => {
    const read = async (as: AwsClientConfig) =>
      Promise.all(secrets.map((SecretId) => secret(as, 'GetSecretValue', { SecretId })))
    const [own, other] = await read(await cloud.as(starter))
    expect(own).toMatchObject({ status: 200, told: { SecretString: 'its value' } })
    expect(other).toMatchObject({ status: 403 })
    expect(await read(config)).toMatchObject([{ status: 403 }, { status: 403 }])
  })

  it('writes anchors that neither it nor the root of the account takes away', async () => {
    const bucket = stack.outputs['AuditBucketName'] ?? ''
    const [own, root] = [bucketOf(config), bucketOf(cloud.aws.clientConfig())]
    // As the template says: CloudFormation of MiniStack passes it over.
    const { AuditBucket } = adminServerStack(options).Resources
    const ObjectLockConfiguration = AuditBucket?.Properties?.[
      'ObjectLockConfiguration'
    ] as ObjectLockConfiguration // of our template
    await root.send(
      new PutObjectLockConfigurationCommand({ Bucket: bucket, ObjectLockConfiguration }),
    )
    const place = createS3Place(own, {
      bucket,
      prefix: 'audit/',
      retainDays: 30,
      timeoutMs: 20_000,
    })
    const { signal } = new AbortController()
    const head = { sequence: 1, hash: 'a'.repeat(64) }
    await place.write(head, signal)
    expect(await place.read({ after: 0, signal })).toEqual([head])
    const { Versions = [] } = await own.send(new ListObjectVersionsCommand({ Bucket: bucket }))
    const [{ Key, VersionId } = {}] = Versions
    const version = { Bucket: bucket, Key, VersionId }
    for (const client of [own, root])
      expect(await rejection(client.send(new DeleteObjectCommand(version)))).toMatchObject(denied)
    expect(await rejection(own.send(new GetObjectCommand(version)))).toMatchObject(denied)
    for (const client of [own, root]) client.destroy()
  })

  it('is deleted, and its bucket and the keys stay', async () => {
    const { kept } = await cloud.remove('admin-server', 'admin')
    expect(kept.map(({ logicalId }) => logicalId)).toContain('AuditBucket')
    const KeyId = keys.outputs['KeyMinterArn'] ?? ''
    const { KeyMetadata } = await cloud.kms.send(new DescribeKeyCommand({ KeyId }))
    expect(KeyMetadata?.KeyState).toBe('Enabled')
  })
})
