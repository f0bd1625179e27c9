/** Each stack on MiniStack: deployed, judged whole, left alone, changed, rolled back, deleted, its data kept. @module */
import {
  type DeployStackOptions,
  deleteStack,
  deployStack,
  diagnoseStack,
  type StackTemplate,
} from '../../src/provisioning/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { createRole } from '../support/lambda.ts'
import { rejection } from '../support/stack-cloud.ts'
import { ACCOUNT, templateOf, variants } from '../support/stack-variants.ts'

let aws: Aws
beforeAll(async () => {
  const services =
    'kms sts iam cloudformation s3 sns events monitoring logs ec2 autoscaling cloudtrail ecs'
  aws = await startAws({
    ...{ auth: true, services: services.split(' ') },
    ...{ accountId: ACCOUNT, region: 'eu-central-1' },
  })
})
afterAll(() => aws?.stop())

const kept = /^AWS::(KMS::Key|S3::Bucket|DynamoDB::Table|Logs::LogGroup)$/

const topic = { Type: 'AWS::SNS::Topic' }
/** Names that begin so are those of AWS itself. */
const broken = {
  Type: 'AWS::KMS::Alias',
  Properties: { AliasName: 'alias/aws/minter', TargetKeyId: { Ref: 'More' } },
}
const withMore = (template: StackTemplate, more: StackTemplate['Resources']): StackTemplate => ({
  ...template,
  Resources: { ...template.Resources, ...more },
})

// Not those of a trail: MiniStack's CloudFormation has none, and no log group of one.
it.each(
  variants.filter(
    ([variant]) =>
      /^(keys|sealed keys|enclave|admin server|watch)( |$)/.test(variant) &&
      !/China|watch (with all|of a trail)/.test(variant),
  ),
)('%s: the stack %s', async (variant, kind, options) => {
  if ('roleExists' in options)
    await createRole(aws, 'flow-admin-server', { Service: 'ecs-tasks.amazonaws.com' })
  if (kind === 'enclave')
    for (const role of ['key-admin', 'release'])
      await createRole(aws, role, { Service: 'ec2.amazonaws.com' }).catch(() => undefined)
  const name = variant.replaceAll(' ', '-')
  const template = templateOf(kind, options)
  const client = aws.clientConfig()
  const given: DeployStackOptions = { ...{ name, kind, template, client }, pollMs: 20 }
  expect((await deployStack(given)).result).toBe('created')
  const keyArns = 'keyArns' in options && kind === 'admin-server' ? [options.keyArns].flat() : []
  const told = await diagnoseStack({ name, client, keyArns: keyArns.map(String) })
  // MiniStack has no trail, and does not tell of the last use.
  expect(told.filter(({ status }) => status !== 'ok').map(({ check }) => check)).toEqual(
    told.map(({ check }) => check).filter((check) => /^(last use|trail)$/.test(check)),
  )
  expect((await deployStack(given)).result).toBe('unchanged')
  const more: DeployStackOptions = { ...given, template: withMore(template, { More: topic }) }
  const changed = await deployStack(more)
  expect(changed.result).toBe('updated')
  const failing = { ...given, template: withMore(template, { More: topic, Broken: broken }) }
  expect(await rejection(deployStack(failing))).toMatchObject({
    code: 'STACK_FAILED',
    context: { resource: 'Broken (AWS::KMS::Alias)', rolledBack: true },
  })
  expect(await deployStack(more)).toMatchObject({ result: 'unchanged', outputs: changed.outputs })
  const deleted = await deleteStack({ name, kind, client, pollMs: 20 })
  const data = Object.entries(template.Resources).filter(([, { Type }]) => kept.test(Type))
  expect(deleted.kept.map(({ logicalId }) => logicalId)).toEqual(
    expect.arrayContaining(data.map(([logicalId]) => logicalId)),
  )
})
