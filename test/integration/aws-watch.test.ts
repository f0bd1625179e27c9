/** The watch as a stack: what its rules know, and when it is in alarm. @module */
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch'
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge'
import { jsonCall } from '../support/aws-calls.ts'
import { roleArn, type StackCloud, startStackCloud } from '../support/stack-cloud.ts'

let cloud: StackCloud
const keyArn = 'arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab'
describe('the watch', () => {
  beforeAll(async () => {
    cloud = await startStackCloud('sns', 'events', 'monitoring')
    const logGroupName = '/aws/lambda/fcl-kms-production' // as the stack of the signer makes it
    await jsonCall(cloud.aws, 'logs', 'Logs_20140328.CreateLogGroup', { logGroupName })
    await cloud.deploy('watch', 'watch', {
      ...{ environment: 'production', adminRoleArn: roleArn('key-admin') },
      ...{ keyArns: [keyArn], signerRoleArns: [roleArn('signer')] },
      ...{ expectedSignsPerFiveMinutes: 100, functionName: 'fcl-kms-production' },
    })
  })

  afterAll(() => cloud?.[Symbol.asyncDispose]())

  const event = (detail: object) =>
    JSON.stringify({
      ...{ id: '1', source: 'aws.kms', 'detail-type': 'AWS API Call via CloudTrail' },
      ...{ account: '000000000000', region: 'us-east-1', time: '2026-11-28T00:00:00Z' },
      resources: [],
      detail: {
        eventSource: 'kms.amazonaws.com',
        resources: [{ ARN: keyArn }],
        userIdentity: {
          type: 'AssumedRole',
          sessionContext: { sessionIssuer: { arn: roleArn('signer') } },
        },
        ...detail,
      },
    })

  it.each<[string, object, RegExp | undefined]>([
    ['a deletion', { eventName: 'ScheduleKeyDeletion' }, /shall be deleted/],
    ['a disabled key', { eventName: 'DisableKey' }, /was disabled/],
    ['another policy', { eventName: 'PutKeyPolicy' }, /policy was changed/],
    ['a grant', { eventName: 'CreateGrant' }, /grant was made/],
    ['a moved alias', { eventName: 'UpdateAlias' }, /points elsewhere/],
    ['a denied use', { eventName: 'Sign', errorCode: 'AccessDenied' }, /was denied/],
    ['a use too late', { eventName: 'Sign', errorCode: 'KMSInvalidStateException' }, /was used/],
    [
      'a stranger that signs',
      {
        eventName: 'Sign',
        userIdentity: {
          type: 'AssumedRole',
          sessionContext: { sessionIssuer: { arn: roleArn('stranger') } },
        },
      },
      /never should/,
    ],
    ['a user that signs', { eventName: 'Sign', userIdentity: { type: 'IAMUser' } }, /than a role/],
    ['its role that signs', { eventName: 'Sign' }, undefined],
    [
      'the deletion of a key of others',
      { eventName: 'ScheduleKeyDeletion', resources: [{ ARN: `${keyArn}0` }] },
      undefined,
    ],
  ])('knows %s by the rules as they were deployed', async (_, detail, description) => {
    const client = new EventBridgeClient(cloud.aws.clientConfig())
    const { Rules = [] } = await client.send(new ListRulesCommand({}))
    const matching: string[] = []
    for (const { Name } of Rules) {
      const rule = await client.send(new DescribeRuleCommand({ Name }))
      const { EventPattern } = rule
      const Event = event(detail)
      const { Result } = await client.send(new TestEventPatternCommand({ EventPattern, Event }))
      if (Result === true) matching.push(rule.Description ?? '')
    }
    client.destroy()
    expect(matching).toEqual(description === undefined ? [] : [expect.stringMatching(description)])
  })

  it('is in alarm when the signer fails', async () => {
    const client = new CloudWatchClient(cloud.aws.clientConfig())
    const errorAlarm = async () => {
      const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({}))
      return MetricAlarms.find(({ MetricName }) => MetricName === 'Errors')?.StateValue
    }
    expect(await errorAlarm()).not.toBe('ALARM')
    await client.send(
      new PutMetricDataCommand({
        Namespace: 'AWS/Lambda',
        MetricData: [
          {
            MetricName: 'Errors',
            Dimensions: [{ Name: 'FunctionName', Value: 'fcl-kms-production' }],
            Value: 1,
          },
        ],
      }),
    )
    expect(await errorAlarm()).toBe('ALARM')
    client.destroy()
  })
})
