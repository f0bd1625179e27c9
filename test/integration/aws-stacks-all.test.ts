/** Each stack in an account of its own on MiniStack: deployed, left alone, deleted, its data kept. @module */
import { type DeployStackOptions, deleteStack, deployStack } from '../../src/provisioning/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { createRole } from '../support/lambda.ts'
import { ACCOUNT, templateOf, variants } from '../support/stack-variants.ts'
import { stripForMiniStack } from '../support/strip-for-ministack.ts'

let aws: Aws
beforeAll(async () => {
  const services = 'kms sts iam cloudformation s3 sns events monitoring logs ec2 cloudtrail ecs'
  aws = await startAws({
    ...{ auth: true, services: services.split(' ') },
    ...{ accountId: ACCOUNT, region: 'eu-central-1' },
  })
})
afterAll(() => aws?.stop())

const kept = /^AWS::(KMS::Key|S3::Bucket|DynamoDB::Table|Logs::LogGroup)$/

// Not those of a trail: MiniStack's CloudFormation has none, and no log group of one.
it.each(
  variants.filter(
    ([variant]) =>
      /^(keys|sealed keys|admin server|watch)( |$)/.test(variant) &&
      !/watch (with all|of a trail)/.test(variant),
  ),
)('%s: the stack %s', async (variant, kind, options) => {
  if ('roleExists' in options)
    await createRole(aws, 'flow-admin-server', { Service: 'ecs-tasks.amazonaws.com' })
  const name = variant.replaceAll(' ', '-')
  const template = stripForMiniStack(templateOf(kind, options))
  const client = aws.clientConfig()
  const given: DeployStackOptions = { ...{ name, kind, template, client }, pollMs: 20 }
  expect((await deployStack(given)).result).toBe('created')
  expect((await deployStack(given)).result).toBe('unchanged')
  const deleted = await deleteStack({ name, kind, client, pollMs: 20 })
  const data = Object.entries(template.Resources).filter(([, { Type }]) => kept.test(Type))
  expect(deleted.kept.map(({ logicalId }) => logicalId)).toEqual(
    expect.arrayContaining(data.map(([logicalId]) => logicalId)),
  )
})
