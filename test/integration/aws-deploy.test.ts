/** Stacks on MiniStack with IAM enforced: what may change, what is refused, what is left. @module */
import { Readable } from 'node:stream'
import {
  CloudFormationClient,
  CreateStackCommand,
  ListChangeSetsCommand,
} from '@aws-sdk/client-cloudformation'
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { run } from '../../src/cli/run.ts'
import {
  type DeployStackOptions,
  deleteStack,
  deployStack,
  planStack,
  type StackEvent,
  type StackTemplate,
} from '../../src/provisioning/stacks/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { createUser, policyOf } from '../support/lambda.ts'

let aws: Aws
let kms: KMSClient
beforeAll(async () => {
  aws = await startAws({ auth: true, services: ['kms', 'sts', 'iam', 'cloudformation', 'sns'] })
  kms = new KMSClient(aws.clientConfig())
})
afterAll(async () => {
  kms?.destroy()
  await aws?.stop()
})

const retained = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }
const key = (KeySpec = 'ECC_SECG_P256K1', Description = 'a key') => ({
  Type: 'AWS::KMS::Key',
  ...retained,
  Properties: {
    KeySpec,
    KeyUsage: 'SIGN_VERIFY',
    Description,
    KeyPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::000000000000:root' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    },
  },
})
const topic = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } }
/** Names that begin so are those of AWS itself. */
const broken = {
  Type: 'AWS::KMS::Alias',
  DependsOn: 'Key',
  Properties: { AliasName: 'alias/aws/minter', TargetKeyId: { Ref: 'Key' } },
}
const template = (resources: object = { Key: key() }, outputs: object = {}): StackTemplate =>
  ({ Resources: resources, Outputs: { KeyArn: { Value: arnOf('Key') }, ...outputs } }) as never
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] })

const names = Array.from({ length: 100 }, (_, index) => `stack-${index}`)
const options = (changes: Partial<DeployStackOptions> = {}): DeployStackOptions => ({
  name: names.pop() ?? '',
  kind: 'signing-keys',
  template: template(),
  client: aws.clientConfig(),
  pollMs: 20,
  ...changes,
})
const stateOf = async (KeyId: string) =>
  (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => Promise.reject(new Error('it resolved')),
    (thrown: unknown) => thrown,
  )

describe('a stack', () => {
  it('is planned without a trace, deployed, left alone, updated and deleted, and keeps its key', async () => {
    const given = options()
    const plan = await planStack(given)
    expect(plan).toMatchObject({ exists: false, accountId: '000000000000', partition: 'aws' })
    expect(plan.changes).toMatchObject([{ action: 'add', logicalId: 'Key', type: 'AWS::KMS::Key' }])
    expect((await planStack(given)).exists).toBe(false)

    const events: StackEvent[] = []
    const created = await deployStack({ ...given, onProgress: (event) => events.push(event) })
    expect(created.result).toBe('created')
    const { KeyArn = '' } = created.outputs
    expect(await stateOf(KeyArn)).toBe('Enabled')
    expect(events.map(({ logicalId, status }) => `${logicalId} ${status}`)).toEqual(
      expect.arrayContaining(['Key CREATE_IN_PROGRESS', 'Key CREATE_COMPLETE']),
    )
    expect(events.at(-1)).toMatchObject({ logicalId: given.name, status: 'CREATE_COMPLETE' })

    expect(await deployStack(given)).toMatchObject({ result: 'unchanged', outputs: { KeyArn } })

    const more = template({ Key: key(undefined, 'another text'), Topic: topic })
    const updated = await deployStack({ ...given, template: more })
    expect(updated).toMatchObject({ result: 'updated', outputs: { KeyArn } })
    expect(updated.changes).toMatchObject([
      { action: 'modify', logicalId: 'Key', properties: ['Description'] },
      { action: 'add', logicalId: 'Topic' },
    ])

    const { name, kind, client, pollMs } = { pollMs: 20, ...given }
    const deleted = await deleteStack({ name, kind, client, pollMs })
    expect(deleted.kept).toMatchObject([{ logicalId: 'Key', type: 'AWS::KMS::Key' }])
    expect(await stateOf(KeyArn)).toBe('Enabled')
    expect(await rejection(deleteStack({ name, kind, client }))).toMatchObject({
      code: 'STACK_NOT_FOUND',
    })
  })
})

describe('a change that would take a key away', () => {
  const changes: readonly (readonly [string, object, string])[] = [
    ['another spec', { Key: key('ECC_NIST_P256') }, 'replace Key (AWS::KMS::Key)'],
    ['another name', { Other: key(), Key: topic }, 'replace Key (AWS::KMS::Key)'],
    ['no key', { Topic: topic, Key2: key() }, 'remove Key (AWS::KMS::Key)'],
  ]
  it.each(changes)('by %s is refused and leaves everything', async (_, resources, told) => {
    const given = options()
    const { outputs } = await deployStack(given)
    const KeyArn = outputs['KeyArn'] ?? ''
    const changed = { Resources: resources } as StackTemplate
    const error = await rejection(deployStack({ ...given, template: changed }))
    expect(error).toMatchObject({ code: 'STACK_REPLACES', disposition: 'refuse' })
    expect(String(error)).toContain(told)
    expect(await stateOf(KeyArn)).toBe('Enabled')
    expect(await deployStack(given)).toMatchObject({ result: 'unchanged', outputs: { KeyArn } })
    await planStack(given)
    expect(await changeSetsOf(given.name)).toEqual([])
  })

  it('is made when it is said twice, and the key of before is kept', async () => {
    const given = options()
    const KeyArn = (await deployStack(given)).outputs['KeyArn'] ?? ''
    const changed = { Resources: { Topic: topic } } as StackTemplate
    const once = { ...given, template: changed, replace: ['Key'] }
    expect(await rejection(deployStack(once))).toMatchObject({ code: 'STACK_REPLACES' })
    const other = { ...once, confirmReplace: ['Topic'] }
    expect(await rejection(deployStack(other))).toMatchObject({ code: 'STACK_REPLACES' })
    expect(await deployStack({ ...once, confirmReplace: ['Key'] })).toMatchObject({
      result: 'updated',
    })
    expect(await stateOf(KeyArn)).toBe('Enabled')
  })
})

describe('a deployment that fails half-way', () => {
  it('tells the event that explains it, and the key and the stack are as before', async () => {
    const given = options()
    const KeyArn = (await deployStack(given)).outputs['KeyArn'] ?? ''
    const changed = template({ Key: key(undefined, 'changed'), Topic: topic, Broken: broken })
    const error = await rejection(deployStack({ ...given, template: changed }))
    expect(error).toMatchObject({
      code: 'STACK_FAILED',
      context: {
        stackName: given.name,
        status: 'UPDATE_ROLLBACK_COMPLETE',
        resource: 'Broken (AWS::KMS::Alias)',
        reason: expect.stringContaining('alias/aws/'),
        rolledBack: true,
      },
    })
    expect(await stateOf(KeyArn)).toBe('Enabled')
    expect(await deployStack(given)).toMatchObject({ result: 'unchanged', outputs: { KeyArn } })
  })

  it('at its first time leaves a stack that must be deleted first', async () => {
    const given = options({ template: template({ Key: key(), Broken: broken }) })
    expect(await rejection(deployStack(given))).toMatchObject({
      code: 'STACK_FAILED',
      context: { status: 'ROLLBACK_COMPLETE', rolledBack: true },
    })
    const right = { ...given, template: template() }
    expect(await rejection(deployStack(right))).toMatchObject({
      code: 'STACK_STUCK',
      disposition: 'hold',
      context: { status: 'ROLLBACK_COMPLETE', remedy: expect.stringContaining('delete it') },
    })
    const { name, kind, client } = given
    await deleteStack({ name, kind, client, pollMs: 20 })
    expect(await deployStack(right)).toMatchObject({ result: 'created' })
  })
})

describe('what is not ours', () => {
  it.each([
    ['a stack of another kind', 'watch', 'of the kind signing-keys'],
    ['a stack of nobody', 'signing-keys', 'not made by fcl-kms'],
  ])('as %s is neither changed nor deleted', async (_, kind, told) => {
    const given = options()
    if (kind === 'watch') await deployStack(given)
    else await foreignStack(given.name)
    const error = await rejection(deployStack({ ...given, kind }))
    expect(error).toMatchObject({ code: 'STACK_FOREIGN', disposition: 'refuse' })
    expect(String(error)).toContain(told)
    const { name, client } = given
    expect(await rejection(deleteStack({ name, kind, client }))).toMatchObject({
      code: 'STACK_FOREIGN',
    })
  })

  it.each<[string, Partial<DeployStackOptions>, object]>([
    ['account', { accountId: '111122223333' }, { field: 'account', actual: '000000000000' }],
    [
      'partition',
      { template: template({ Key: key(), Topic: topicFor('arn:aws-cn:iam::000000000000:root') }) },
      { field: 'partition', expected: 'aws-cn', actual: 'aws' },
    ],
  ])('as another %s is refused before anything is asked', async (_, changes, context) => {
    const given = options(changes)
    expect(await rejection(deployStack(given))).toMatchObject({
      code: 'AWS_TARGET_MISMATCH',
      context,
    })
    expect(await planStack(options({ name: given.name }))).toMatchObject({ exists: false })
  })
})

describe('credentials', () => {
  it('without a permission are told the action, and nothing is left', async () => {
    const given = options()
    const client = { ...aws.clientConfig(), credentials: await user('sts:*') }
    expect(await rejection(deployStack({ ...given, client }))).toMatchObject({
      code: 'AWS_DENIED',
      disposition: 'hold',
      context: { operation: 'cloudformation:DescribeStacks' },
    })
    const reader = { ...client, credentials: await user('cloudformation:Describe*') }
    expect(await rejection(deployStack({ ...given, client: reader }))).toMatchObject({
      code: 'AWS_DENIED',
      context: { operation: 'cloudformation:CreateChangeSet' },
    })
    expect(await planStack(given)).toMatchObject({ exists: false })
  })

  it('that AWS does not know are AWS_CREDENTIALS_UNUSABLE', async () => {
    const credentials = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x'.repeat(40) }
    const client = { ...aws.clientConfig(), credentials }
    const error = await rejection(deployStack(options({ client })))
    expect(error).toMatchObject({ code: 'AWS_CREDENTIALS_UNUSABLE', disposition: 'hold' })
    expect(String(error)).not.toContain('x'.repeat(40))
  })

  it('that nobody takes, since nobody answers, are AWS_UNAVAILABLE', async () => {
    const client = { ...aws.clientConfig(), endpoint: 'http://127.0.0.1:1', maxAttempts: 1 }
    expect(await rejection(deployStack(options({ client })))).toMatchObject({
      code: 'AWS_UNAVAILABLE',
      disposition: 'retry',
    })
  })
})

describe('options', () => {
  it.each<[string, object]>([
    ['name', { name: 'a_b' }],
    ['template', { template: { Resources: {} } }],
    ['template', { template: template({ Key: { ...key(), DeletionPolicy: 'Delete' } }) }],
    ['template', { template: template({ Key: { ...key(), UpdateReplacePolicy: undefined } }) }],
    ['template', { template: template({ Key: key('ECC_SECG_P256K1', 'x'.repeat(60_000)) }) }],
    ['pollMs', { pollMs: 0 }],
    ['timeoutMs', { timeoutMs: 1.5 }],
    ['stackName', { stackName: 'x' }],
    ['profil', { client: { profil: 'x' } }],
  ])('with a wrong %s are refused (case %#)', async (option, changes) => {
    expect(await rejection(deployStack({ ...options(), ...changes }))).toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })
})

function topicFor(AWS: string): object {
  const PolicyDocument = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'sns:Publish', Resource: '*' }],
  }
  return { Type: 'AWS::SNS::TopicPolicy', Properties: { Topics: [], PolicyDocument } }
}

async function changeSetsOf(StackName: string): Promise<readonly unknown[]> {
  const client = new CloudFormationClient(aws.clientConfig())
  const { Summaries = [] } = await client.send(new ListChangeSetsCommand({ StackName }))
  client.destroy()
  return Summaries.filter(({ ExecutionStatus }) => ExecutionStatus !== 'EXECUTE_COMPLETE')
}

async function foreignStack(StackName: string): Promise<void> {
  const client = new CloudFormationClient(aws.clientConfig())
  const TemplateBody = JSON.stringify({ Resources: { Topic: topic } })
  await client.send(new CreateStackCommand({ StackName, TemplateBody }))
  client.destroy()
}

const users = Array.from({ length: 10 }, (_, index) => `user-${index}`)
const user = (action: string) =>
  createUser(aws, users.pop() ?? '', policyOf([action, 'sts:GetCallerIdentity'], '*'))

describe('fcl-kms aws', () => {
  const keys = {
    environment: 'production',
    adminRoleArn: 'arn:aws:iam::000000000000:role/key-admin',
    signer: { roleName: 'signer', service: 'lambda' },
    keys: [{ name: 'minter' }],
  }
  const given = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }
  const before = Object.keys(given).map((name) => [name, process.env[name]] as const)
  beforeAll(() => Object.assign(process.env, given))
  afterAll(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })

  async function told(...args: readonly string[]) {
    const notes: string[] = []
    const { signal } = new AbortController()
    const note = (line: string) => notes.push(line)
    const stdin = Readable.from([JSON.stringify(keys)])
    const where = ['--endpoint', aws.endpoint, '--region', aws.region, '--json']
    const outcome = await run(['aws', ...args, ...where], { env: {}, signal, note, stdin })
    return { notes, exitCode: outcome.exitCode, value: JSON.parse(outcome.stdout) }
  }

  it('shows a stack, deploys it with --yes, finds it as it is, and deletes it with its key kept', async () => {
    const deploying = ['deploy', 'signing-keys', '--options', '-'] as const
    const name = 'fcl-kms-signing-keys-production'
    expect((await told(...deploying)).value).toMatchObject({ name, exists: false })
    const { value, notes } = await told(...deploying, '--yes')
    expect(value).toMatchObject({ name, result: 'created' })
    expect(await stateOf(value.outputs.KeyMinterArn)).toBe('Enabled')
    expect(notes.join('\n')).toMatch(/add +KeyMinter +AWS::KMS::Key.*CREATE_COMPLETE KeyMinter/s)
    expect((await told(...deploying)).value).toMatchObject({ exists: true, changes: [] })
    const deleted = await told('delete', 'signing-keys', '--name', name, '--yes')
    expect(deleted.value.kept).toMatchObject([{ logicalId: 'KeyMinter' }])
    expect(await stateOf(value.outputs.KeyMinterArn)).toBe('Enabled')
    const again = await told('delete', 'signing-keys', '--name', name, '--yes')
    expect(again).toMatchObject({ exitCode: 1, value: { error: { code: 'STACK_NOT_FOUND' } } })
  })
})
