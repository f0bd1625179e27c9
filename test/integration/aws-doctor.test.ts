/** A deployed stack on MiniStack, and what the doctor tells when somebody changes it by hand. */
import {
  CloudTrailClient,
  CreateTrailCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
  StopLoggingCommand,
} from '@aws-sdk/client-cloudtrail'
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DisableAlarmActionsCommand,
} from '@aws-sdk/client-cloudwatch'
import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { KMSClient, PutKeyPolicyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms'
import { keyPolicy } from '../../src/aws/index.ts'
import { run } from '../../src/cli/run.ts'
import {
  deployStack,
  diagnoseStack,
  type Finding,
  type StackTemplate,
} from '../../src/provisioning/index.ts'
import { type Aws, startAws } from '../../src/testing/start-aws.ts'
import { createUser } from '../support/lambda.ts'

const accountId = '000000000000'
const name = 'flow-watched'
const role = (Policies: readonly object[] = []) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        },
      ],
    },
    Policies,
  },
})
const keyProperties = {
  KeySpec: 'ECC_SECG_P256K1',
  KeyUsage: 'SIGN_VERIFY',
  KeyPolicy: keyPolicy({
    accountId,
    signerRoleArn: `arn:aws:iam::${accountId}:role/signer`,
    adminRoleArn: `arn:aws:iam::${accountId}:role/admin`,
  }),
}
const template = {
  Resources: {
    Key: {
      Type: 'AWS::KMS::Key',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: keyProperties,
    },
    Role: {
      ...role(),
      Properties: { ...role().Properties, RoleName: 'signer' },
    },
    Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } },
    Alarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: 'signer-errors',
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Statistic: 'Sum',
        Period: 60,
        EvaluationPeriods: 1,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        AlarmActions: [{ Ref: 'Topic' }],
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: 'key-deletion',
        State: 'ENABLED',
        EventPattern: { source: ['aws.kms'] },
        Targets: [{ Id: 'topic', Arn: { Ref: 'Topic' } }],
      },
    },
  },
} as unknown as StackTemplate // of values that JSON takes as they are

let aws: Aws
let findings: readonly Finding[]
const client = <T>(Client: new (config: object) => T): T => new Client(aws.clientConfig())
const ask = (more: object = {}) => diagnoseStack({ name, client: aws.clientConfig(), ...more })
const of = (check: string) => findings.filter((finding) => finding.check === check)

beforeAll(async () => {
  aws = await startAws({
    auth: true,
    services: [
      'kms',
      'sts',
      'iam',
      'cloudformation',
      'sns',
      'cloudwatch',
      'monitoring',
      'events',
      'cloudtrail',
      's3',
    ],
  })
  await deployStack({ name, kind: 'watch', template, client: aws.clientConfig(), pollMs: 20 })
  // CloudFormation of MiniStack knows no trail.
  await client(CloudTrailClient).send(
    new CreateTrailCommand({ Name: 'audit', S3BucketName: 'audit' }),
  )
  await client(CloudTrailClient).send(new StartLoggingCommand({ Name: 'audit' }))
  findings = await ask()
})
afterAll(() => aws?.stop())

const keyId = () => of('key state')[0]?.subject ?? ''

it('finds nothing to mend in a stack as it was deployed', () => {
  expect(findings.filter(({ status }) => status !== 'ok' && status !== 'skipped')).toEqual([])
  expect(findings.map(({ check }) => check).sort()).toEqual([
    ...['alarm', 'key policy', 'key state', 'last use', 'role policy', 'rule', 'stack', 'trail'],
  ])
})

type Row = readonly [what: string, check: string, fact: RegExp, change: () => Promise<unknown>]
const rows: readonly Row[] = [
  [
    'a role that may use every key',
    'role policy',
    /./,
    () =>
      client(IAMClient).send(
        new PutRolePolicyCommand({
          RoleName: 'signer',
          PolicyName: 'more',
          PolicyDocument: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
          }),
        }),
      ),
  ],
  [
    'an alarm that tells nobody',
    'alarm',
    /actions are off/,
    () =>
      client(CloudWatchClient).send(
        new DisableAlarmActionsCommand({ AlarmNames: ['signer-errors'] }),
      ),
  ],
  [
    'an alarm that is gone',
    'alarm',
    /gone/,
    () => client(CloudWatchClient).send(new DeleteAlarmsCommand({ AlarmNames: ['signer-errors'] })),
  ],
  [
    'a rule that is off',
    'rule',
    /DISABLED/,
    () => client(EventBridgeClient).send(new DisableRuleCommand({ Name: 'key-deletion' })),
  ],
  [
    'a rule without a target',
    'rule',
    /no target/,
    async () => {
      await client(EventBridgeClient).send(new EnableRuleCommand({ Name: 'key-deletion' }))
      await client(EventBridgeClient).send(
        new RemoveTargetsCommand({ Rule: 'key-deletion', Ids: ['topic'] }),
      )
    },
  ],
  [
    'a trail of writes alone',
    'trail',
    /leaves out Sign/,
    () =>
      client(CloudTrailClient).send(
        new PutEventSelectorsCommand({
          TrailName: 'audit',
          EventSelectors: [{ ReadWriteType: 'WriteOnly', IncludeManagementEvents: true }],
        }),
      ),
  ],
  [
    'a trail without KMS',
    'trail',
    /leaves out Sign/,
    () =>
      client(CloudTrailClient).send(
        new PutEventSelectorsCommand({
          TrailName: 'audit',
          EventSelectors: [
            {
              ReadWriteType: 'All',
              IncludeManagementEvents: true,
              ExcludeManagementEventSources: ['kms.amazonaws.com'],
            },
          ],
        }),
      ),
  ],
  [
    'a trail that is off',
    'trail',
    /off/,
    () => client(CloudTrailClient).send(new StopLoggingCommand({ Name: 'audit' })),
  ],
  [
    'a key policy that lets everybody of the account in',
    'key policy',
    /kms:\*/,
    () =>
      client(KMSClient).send(
        new PutKeyPolicyCommand({
          KeyId: keyId(),
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: `arn:aws:iam::${accountId}:root` },
                Action: 'kms:*',
                Resource: '*',
              },
            ],
          }),
        }),
      ),
  ],
  [
    'a key whose deletion is pending',
    'key state',
    /deleted on/,
    () => client(KMSClient).send(new ScheduleKeyDeletionCommand({ KeyId: keyId() })),
  ],
]
it.each(rows)('tells of %s, with a remedy', async (_, check, fact, change) => {
  await change()
  findings = await ask()
  expect(of(check)).toMatchObject([
    { status: 'problem', fact: expect.stringMatching(fact), remedy: expect.any(String) },
  ])
})

it('tells of a stack that is not there', async () => {
  expect(await ask({ name: 'none' })).toMatchObject([{ check: 'stack', status: 'problem' }])
})

it('tells of each right that is missing, and checks the rest', async () => {
  const may = (...Action: readonly string[]) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
  })
  const as = async (user: string, policy: object) => {
    const credentials = await createUser(aws, user, policy)
    return ask({ client: { ...aws.clientConfig(), credentials } })
  }
  expect(await as('nobody', may('sts:GetCallerIdentity'))).toMatchObject([
    { check: 'stack', status: 'warning', code: 'AWS_DENIED' },
  ])
  const told = await as('looker', may('cloudformation:*', 'cloudwatch:DescribeAlarms'))
  expect(told).toContainEqual(expect.objectContaining({ check: 'alarm', status: 'problem' }))
  for (const check of ['key state', 'key policy', 'role policy', 'rule', 'trail'])
    expect(told).toContainEqual(
      expect.objectContaining({
        check,
        status: 'warning',
        code: 'AWS_DENIED',
        remedy: expect.stringContaining('Grant '),
      }),
    )
})

it('is asked by the command', async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })
  const { stdout, exitCode } = await run(
    ['doctor', '--stack', name, '--endpoint', aws.endpoint, '--region', aws.region],
    {
      env: {},
      signal: new AbortController().signal,
      note: () => undefined,
      stdin: (async function* () {})(),
    },
  )
  expect(exitCode).toBe(3)
  expect(stdout).toContain('it allows kms:*')
})

it.each<[string, object]>([
  ['name', { name: '../x' }],
  ['keyArns', { keyArns: 'a' }],
  ['stack', { stack: 'a' }],
])('refuses a wrong %s', async (option, changes) => {
  await expect(ask(changes)).rejects.toMatchObject({ code: 'INVALID_OPTION', context: { option } })
})
