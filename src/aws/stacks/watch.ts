/** The stack `watch`: what happens to keys that should not, told to people. @module */

import { privateBucket } from '../buckets.ts'
import { administering } from '../policies/administering.ts'
import {
  attribute,
  documentOf,
  kept,
  type Resource,
  ref,
  sub,
  type Template,
  tagsOf,
  templateOf,
  type Value,
} from '../template.ts'
import { alarmsOf, dashboardOf } from './watch-alarms.ts'
import { type ReadyWatch, readyOf, type WatchOptions } from './watch-options.ts'
import { rulesOf } from './watch-rules.ts'

/**
 * Rules on what CloudTrail tells of the keys, alarms, a dashboard, and the topic that both tell; a
 * trail where there is none.
 *
 * @example
 * watchStack({
 *   environment: 'production',
 *   keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
 *   signerRoleArns: ['arn:aws:iam::111122223333:role/flow-signer'],
 *   adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
 *   expectedSignsPerFiveMinutes: 3000,
 *   functionName: 'fcl-kms-production',
 *   trail: true,
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function watchStack(options: WatchOptions): Template {
  const ready = readyOf(options)
  const { environment, place, trail, emails } = ready
  return templateOf({
    stack: 'watch',
    description: `Watches the keys that sign for Flow accounts: ${environment}`,
    mark: { ...place, environment },
    resources: {
      ...topicOf(ready),
      ...Object.fromEntries(
        emails.map((Endpoint, index) => [
          `Email${index + 1}`,
          {
            Type: 'AWS::SNS::Subscription',
            Properties: { TopicArn: ref('Topic'), Protocol: 'email', Endpoint },
          },
        ]),
      ),
      ...(trail ? trailOf(ready) : {}),
      ...rulesOf(ready),
      ...alarmsOf(ready),
      Dashboard: dashboardOf(ready),
    },
    outputs: {
      TopicArn: { Description: 'What alarms are told to', Value: ref('Topic') },
      ...(trail
        ? { TrailArn: { Description: 'The trail', Value: attribute('Trail', 'Arn') } }
        : {}),
    },
  })
}

/** Encrypted by a key of its own: the one of AWS lets in no service. */
function topicOf({ environment, adminRoleArn, place }: ReadyWatch): Record<string, Resource> {
  const { accountId } = place
  const fromHere = { StringEquals: { 'aws:SourceAccount': accountId } }
  const services = ['events.amazonaws.com', 'cloudwatch.amazonaws.com']
  return {
    TopicKey: {
      Type: 'AWS::KMS::Key',
      ...kept,
      Properties: {
        Description: `Encrypts what alarms tell: ${environment}`,
        EnableKeyRotation: true,
        PendingWindowInDays: 30,
        KeyPolicy: documentOf([
          ...administering(adminRoleArn, place),
          {
            Sid: 'TellTheTopic',
            Effect: 'Allow',
            Principal: { Service: services },
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Resource: '*',
            Condition: fromHere,
          },
        ]),
        Tags: tagsOf({ Environment: environment }),
      },
    },
    Topic: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        DisplayName: `Keys of Flow, ${environment}`,
        KmsMasterKeyId: attribute('TopicKey', 'Arn'),
        Tags: tagsOf({ Environment: environment }),
      },
    },
    TopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [ref('Topic')],
        PolicyDocument: documentOf([
          {
            Sid: 'RulesAndAlarmsTell',
            Effect: 'Allow',
            Principal: { Service: services },
            Action: 'sns:Publish',
            Resource: ref('Topic'),
            Condition: fromHere,
          },
          {
            Sid: 'NothingButTls',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sns:Publish',
            Resource: ref('Topic'),
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ]),
      },
    },
  }
}

function trailOf(ready: ReadyWatch): Record<string, Resource> {
  const { environment, place, adminRoleArn, logRetentionDays, trailLog = '' } = ready
  const { partition, region, accountId } = place
  const name = `fcl-kms-${environment}`
  const trailArn = `arn:${partition}:cloudtrail:${region}:${accountId}:trail/${name}`
  const log = `arn:${partition}:logs:${region}:${accountId}:log-group:${trailLog}`
  const byTrail = { 'aws:SourceArn': trailArn }
  const cloudTrail = { Effect: 'Allow', Principal: { Service: 'cloudtrail.amazonaws.com' } }
  const statements: readonly { readonly [name: string]: Value }[] = [
    {
      Sid: 'TrailLooks',
      ...cloudTrail,
      Action: 's3:GetBucketAcl',
      Resource: attribute('TrailBucket', 'Arn'),
      Condition: { StringEquals: byTrail },
    },
    {
      Sid: 'TrailWrites',
      ...cloudTrail,
      Action: 's3:PutObject',
      Resource: sub(`\${TrailBucket.Arn}/AWSLogs/${accountId}/*`),
      Condition: { StringEquals: { ...byTrail, 's3:x-amz-acl': 'bucket-owner-full-control' } },
    },
  ]
  return {
    ...privateBucket({ id: 'TrailBucket', environment, admin: adminRoleArn, statements }),
    TrailLog: {
      Type: 'AWS::Logs::LogGroup',
      ...kept,
      Properties: { LogGroupName: trailLog, RetentionInDays: logRetentionDays },
    },
    TrailRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: documentOf([
          {
            Sid: 'TheTrailTakesIt',
            ...cloudTrail,
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: byTrail },
          },
        ]),
        Policies: [
          {
            PolicyName: 'write-the-log',
            PolicyDocument: documentOf([
              {
                Sid: 'WriteTheLog',
                Effect: 'Allow',
                Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
                Resource: `${log}:log-stream:${accountId}_CloudTrail_${region}*`,
              },
            ]),
          },
        ],
      },
    },
    Trail: {
      Type: 'AWS::CloudTrail::Trail',
      DependsOn: ['TrailBucketPolicy'],
      Properties: {
        TrailName: name,
        IsLogging: true,
        IsMultiRegionTrail: true,
        IncludeGlobalServiceEvents: true,
        EnableLogFileValidation: true,
        S3BucketName: ref('TrailBucket'),
        CloudWatchLogsLogGroupArn: attribute('TrailLog', 'Arn'),
        CloudWatchLogsRoleArn: attribute('TrailRole', 'Arn'),
      },
    },
  }
}
