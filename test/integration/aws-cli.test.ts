/** A remote signer deployed by `fcl-kms aws deploy`, as it is built, used, changed and deleted. @module */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DescribeKeyCommand } from '@aws-sdk/client-kms'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { payloadMessage } from '../../src/crypto/transaction.ts'
import { type DeployedStack, uploadRemoteSigner } from '../../src/provisioning/index.ts'
import { createRemoteSigner } from '../../src/signers/remote/index.ts'
import { rejection, roleArn, type StackCloud, startStackCloud } from '../support/stack-cloud.ts'
import { address, cadence, numbered } from '../unit/signing-service/fixture.ts'

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const name = 'fcl-kms-remote-signer-production'
const documentOf = (maxComputeLimit: number) => ({
  ...{ key: 'minter', accounts: [address], payload: true },
  policy: {
    ...{ chainId: 'flow-emulator', accounts: [address] },
    scripts: [{ name: 'pay', cadence, parameters: ['UFix64'], maxComputeLimit }],
  },
})

let cloud: StackCloud
let folder: string
let keys: DeployedStack

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-aws-cli-'))
  cloud = await startStackCloud('lambda')
  keys = await cloud.deploy('signing-keys', 'keys', {
    ...{ environment: 'production', adminRoleArn: roleArn('key-admin') },
    signer: { roleName: 'signer', service: 'lambda' },
    keys: [{ name: 'minter' }],
  })
  const { KeyMinterArn: keyArn, SignerRoleArn } = keys.outputs
  const options = {
    ...{ environment: 'production', keyArn, roleArn: SignerRoleArn },
    callerRoleArns: [roleArn('flow-backend')],
  }
  await write('signer.json', options)
  await write('may-sign.json', documentOf(200))
})
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const write = (file: string, value: object) => writeFile(join(folder, file), JSON.stringify(value))

/** The command in a process of its own, which finds nothing of AWS but this endpoint. */
async function fclKms(...args: readonly string[]) {
  const { aws } = cloud
  const none = join(folder, 'none')
  const env = {
    ...{ PATH: process.env['PATH'], HOME: folder, AWS_CONFIG_FILE: none },
    ...{ AWS_SHARED_CREDENTIALS_FILE: none, AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
  const where = ['--endpoint', aws.endpoint, '--region', aws.region, '--json']
  const line = [program, 'aws', ...args, ...where]
  const ended = promisify(execFile)(process.execPath, line, { env, cwd: folder })
  const { stdout, stderr, code } = await ended.then(
    (said) => ({ ...said, code: 0 }),
    (thrown: { stdout: string; stderr: string; code: number }) => thrown,
  )
  return { value: stdout === '' ? undefined : JSON.parse(stdout), notes: stderr, exitCode: code }
}
const deploying = [
  ...['deploy', 'remote-signer', '--options', 'signer.json'],
  ...['--document', 'may-sign.json', '--code-bucket', 'code-of-ours'],
] as const

/** The alias of the function that the stack tells. */
let functionName: string
/** As its caller, by Invoke. */
async function sign(computeLimit: number): Promise<Uint8Array> {
  const client = await cloud.as('flow-backend')
  const lambda = { functionName, client }
  const message = payloadMessage(numbered(1n, { computeLimit }))
  return createRemoteSigner({ key: 'minter', lambda }).sign({ message, hashAlgorithm: 'SHA3_256' })
}
async function archives(): Promise<number | undefined> {
  const s3 = new S3Client({ ...cloud.aws.clientConfig(), forcePathStyle: true })
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: 'code-of-ours' }))
  s3.destroy()
  return KeyCount
}
const refused = { code: 'REMOTE_SIGNER_REFUSED', context: { serviceCode: 'POLICY_REFUSED' } }

describe('fcl-kms aws deploy remote-signer', () => {
  it('shows what it would do, and puts nothing anywhere', async () => {
    const { value, notes, exitCode } = await fclKms(...deploying)
    expect({ value, exitCode }).toMatchObject({ value: { name, exists: false }, exitCode: 0 })
    expect(notes).toMatch(/^Code: \d+ bytes, SHA-256 [0-9a-f]{64}$/m)
    expect(await archives()).toBe(0)
  })

  it('deploys with --yes a service that signs what its document allows', async () => {
    const { value, notes, exitCode } = await fclKms(...deploying, '--yes')
    expect({ value, exitCode }).toMatchObject({ value: { result: 'created' }, exitCode: 0 })
    expect(notes).toMatch(/add +Function +AWS::Lambda::Function.*CREATE_COMPLETE Function/s)
    functionName = value.outputs.FunctionAliasArn
    expect(functionName).toMatch(/:function:fcl-kms-production:live$/)
    expect(await sign(200)).toHaveLength(64)
    expect(await rejection(sign(201))).toMatchObject(refused)
  })

  it('finds code and stack as they are', async () => {
    expect((await fclKms(...deploying, '--yes')).value).toMatchObject({ result: 'unchanged' })
    expect(await archives()).toBe(1)
  })

  it('changes what may be signed', async () => {
    await write('may-sign.json', documentOf(100))
    expect((await fclKms(...deploying, '--yes')).value).toMatchObject({ result: 'updated' })
    expect(await sign(100)).toHaveLength(64)
    expect(await rejection(sign(101))).toMatchObject(refused)
  })

  it.each<[string, readonly string[], number, RegExp]>([
    ['without its bucket', deploying.slice(0, 6), 2, /--code-bucket/],
    [
      'with a document that no service would take',
      [...deploying.map((arg) => (arg === 'may-sign.json' ? 'signer.json' : arg)), '--yes'],
      2,
      /INVALID_OPTION/,
    ],
    [
      'with a bucket that is not there',
      [...deploying.slice(0, 6), '--code-bucket', 'nowhere', '--yes'],
      1,
      /NoSuchBucket/,
    ],
  ])('%s changes nothing', async (_, args, code, told) => {
    const { value, notes, exitCode } = await fclKms(...args)
    expect(exitCode).toBe(code)
    expect(`${notes}${JSON.stringify(value)}`).toMatch(told)
    expect(await sign(100)).toHaveLength(64)
  })

  it('is taken away by aws delete when that is said, and the key stays', async () => {
    const deleting = ['delete', 'remote-signer', '--name', name] as const
    expect(await fclKms(...deleting)).toMatchObject({ exitCode: 2 })
    expect(await sign(100)).toHaveLength(64)
    expect(await fclKms(...deleting, '--yes')).toMatchObject({ exitCode: 0 })
    // The policy of its callers went with it.
    expect(await rejection(sign(100))).toMatchObject({ code: 'REMOTE_SIGNER_DENIED' })
    const KeyId = keys.outputs['KeyMinterArn']
    const { KeyMetadata } = await cloud.kms.send(new DescribeKeyCommand({ KeyId }))
    expect(KeyMetadata?.KeyState).toBe('Enabled')
  })
})

describe('the archive', () => {
  it('is put there once, whoever asks again', async () => {
    const code = await cloud.upload(documentOf(300))
    const client = cloud.aws.clientConfig()
    expect(await uploadRemoteSigner({ client, bucket: 'code-of-ours', code })).toBe(false)
  })

  it('is not put into the bucket of somebody else, nor under a name that is none', async () => {
    const code = await cloud.upload(documentOf(300))
    const client = await cloud.as('flow-backend')
    const putting = uploadRemoteSigner({ client, bucket: 'code-of-ours', code })
    expect(await rejection(putting)).toMatchObject({
      ...{ code: 'AWS_DENIED', context: { operation: 's3:PutObject' } },
    })
    for (const bucket of ['A', 'arn:aws:s3:::x', ''])
      expect(await rejection(uploadRemoteSigner({ client, bucket, code }))).toMatchObject({
        ...{ code: 'INVALID_OPTION', context: { option: 'bucket' } },
      })
  })
})
