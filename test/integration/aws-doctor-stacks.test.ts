/** Stacks as we make them on MiniStack, and what the doctor tells when somebody opens them further. @module */
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms'
import { sealedKeysStack, signingKeysStack, type Template } from '../../src/aws/index.ts'
import { deployStack, diagnoseStack, type Finding } from '../../src/provisioning/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'

type Policy = { readonly Statement: readonly { readonly [name: string]: unknown }[] }
const accountId = '000000000000'
let aws: Aws
let findings: readonly Finding[]
const of = (check: string) => findings.filter((finding) => finding.check === check)
const keyId = () => of('key state')[0]?.subject ?? ''

beforeAll(async () => {
  const services = ['kms', 'sts', 'iam', 'cloudformation', 's3', 'cloudtrail']
  aws = await startAws({ auth: true, services })
})
afterAll(() => aws?.stop())

const doctor = (name: string, client = aws.clientConfig()) => diagnoseStack({ name, client })
const deploy = (name: string, kind: string, template: Template) =>
  deployStack({ name, kind, template, client: aws.clientConfig(), pollMs: 20 })
async function putKeyPolicy(policy: object): Promise<void> {
  const kms = new KMSClient(aws.clientConfig())
  const Policy = JSON.stringify(policy)
  await kms.send(new PutKeyPolicyCommand({ KeyId: keyId(), Policy }))
  kms.destroy()
}

describe('a stack of keys that are apart by tag', () => {
  it('is told that its denial of other environments is gone', async () => {
    const template = signingKeysStack({
      ...{ environment: 'production', adminRoleArn: `arn:aws:iam::${accountId}:role/admin` },
      ...{ signer: { roleName: 'signer', service: 'lambda' }, apartBy: 'tag' },
      keys: [{ name: 'minter' }],
    })
    await deploy('keys', 'signing-keys', template)
    findings = await doctor('keys')
    expect(of('key policy')).toMatchObject([{ status: 'ok' }])
    const policy = template.Resources['KeyMinter']?.Properties?.['KeyPolicy'] as unknown as Policy
    const Statement = policy.Statement.filter((one) => one['Sid'] !== 'NoOtherEnvironment')
    await putKeyPolicy({ ...policy, Statement })
    findings = await doctor('keys')
    expect(of('key policy')).toMatchObject([
      { status: 'problem', fact: expect.stringMatching(/denial NoOtherEnvironment is missing/) },
    ])
  })
})

describe('a stack of sealed keys', () => {
  const deployed = sealedKeysStack({
    ...{ environment: 'production', adminRoleArn: `arn:aws:iam::${accountId}:role/admin` },
    ...{ roleName: 'flow-wallets', service: 'ecs-tasks' },
  })
  const arn = () => `arn:aws:kms:us-east-1:${accountId}:key/${keyId()}`
  beforeAll(async () => {
    await deploy('wallets', 'sealed-keys', deployed)
    findings = await doctor('wallets')
  })

  it('has nothing to mend', () => {
    expect([...of('role policy'), ...of('key policy')]).toMatchObject([
      { status: 'ok', fact: 'of KMS it allows to seal and open with 1 keys' },
      { status: 'ok', fact: 'nobody may sign with it' },
    ])
  })

  const context = {
    StringEquals: { 'kms:EncryptionContext:fcl-kms': 'sealed-key' },
    Null: { 'kms:EncryptionContext:wallet': 'false' },
  }
  const open = () => ({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: arn() })
  it.each<[string, RegExp, () => object]>([
    ['without the encryption context', /without the encryption context/, open],
    [
      'with half of it',
      /without the encryption context/,
      () => ({ ...open(), Condition: { StringEquals: context.StringEquals } }),
    ],
    [
      'with any key',
      /wrapping key alone/,
      () => ({ ...open(), Resource: '*', Condition: context }),
    ],
    [
      'and hand it on',
      /do not need/,
      () => ({ ...open(), Action: ['kms:Decrypt', 'kms:CreateGrant'], Condition: context }),
    ],
  ])('is told that its role may open %s', async (_, fact, statement) => {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement()] })
    const policy = { RoleName: 'flow-wallets', PolicyName: 'more', PolicyDocument }
    const iam = new IAMClient(aws.clientConfig())
    await iam.send(new PutRolePolicyCommand(policy))
    iam.destroy()
    findings = await doctor('wallets')
    expect(of('role policy')).toMatchObject([
      { status: 'problem', fact: expect.stringMatching(fact) },
    ])
  })

  it('is told that somebody else may open', async () => {
    const { WrappingKey } = deployed.Resources
    const policy = WrappingKey?.Properties?.['KeyPolicy'] as unknown as Policy // of our template
    const Principal = { AWS: `arn:aws:iam::${accountId}:role/admin` }
    const more = { ...open(), Principal, Resource: '*' }
    await putKeyPolicy({ ...policy, Statement: [...policy.Statement, more] })
    findings = await doctor('wallets')
    expect(of('key policy')).toMatchObject([
      { status: 'problem', fact: expect.stringMatching(/allows what was not deployed/) },
    ])
  })

  it.each([
    ['when it was', { Timestamp: 1_795_000_000 }, '2026-11-18T11:06:40.000Z'],
    ['that it was not', {}, 'not used'],
  ])('is told of the last use %s', async (_, KeyLastUsage, fact) => {
    await using proxy = await startFaultProxy({ target: aws.endpoint })
    const body = JSON.stringify({ KeyLastUsage })
    proxy.setFault(({ headers }) =>
      headers['x-amz-target'] === 'TrentService.GetKeyLastUsage'
        ? { kind: 'status', status: 200, body }
        : undefined,
    )
    findings = await doctor('wallets', { ...aws.clientConfig(), endpoint: proxy.url })
    expect(of('last use')).toMatchObject([{ status: 'ok', fact }])
  })
})
