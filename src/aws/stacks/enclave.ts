/** The stack `enclave`: a parent instance, and a key that serves nothing but the images that are named. @module */

import { privateBucket } from '../buckets.ts'
import {
  attribute,
  kept,
  type Output,
  type Resource,
  ref,
  type Template,
  tagsOf,
  templateOf,
} from '../template.ts'
import { keyOf } from './enclave-key.ts'
import { networkOf, subnetsOf } from './enclave-network.ts'
import { type EnclaveStackOptions, type ReadyEnclave, readyOf } from './enclave-options.ts'
import { logGroupOf, parentOf } from './enclave-parent.ts'

/**
 * Instances in private subnets without a way out but to endpoints of KMS, logs, and S3 or Secrets
 * Manager, each with a policy of its own; a wrapping key that gives plaintext to nobody, the root user
 * included, but under the measurements of the named images; and two roles of which one makes change
 * sets and the other executes them, so that a new image takes two people.
 *
 * The root user can still replace the policy of the key, as with every key of this package: watch
 * `PutKeyPolicy` with the stack `watch`. Deploy it as the administrator's role.
 *
 * @example
 * enclaveStack({
 *   environment: 'production',
 *   adminRoleArn: 'arn:aws:iam::111122223333:role/key-admin',
 *   proposerRoleArn: 'arn:aws:iam::111122223333:role/release',
 *   roleName: 'flow-enclave-parent',
 *   enclaveName: 'mint-signer',
 *   images: [{ pcr0: '5f'.repeat(48) }],
 *   records: 'bucket',
 *   amiId: 'ami-0123456789abcdef0',
 *   callers: [{ cidr: '10.0.3.0/24' }],
 *   network: { cidr: '10.71.0.0/24' },
 * })
 * @returns Frozen plain data: CloudFormation by `JSON.stringify`.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function enclaveStack(options: EnclaveStackOptions): Template {
  const ready = readyOf(options)
  const { environment, place, roleArn, adminRoleArn, records, logRetentionDays } = ready
  const isInBucket = records === 'bucket'
  return templateOf({
    stack: 'enclave',
    description: `The enclave that signs: ${environment}`,
    mark: { ...place, environment },
    resources: {
      ...parentOf(ready, subnetsOf(ready)),
      ...keyOf(ready),
      ...networkOf(ready),
      ...(isInBucket
        ? privateBucket({
            id: 'Bucket',
            environment,
            readers: [roleArn, adminRoleArn],
            admin: adminRoleArn,
          })
        : {}),
      LogGroup: {
        Type: 'AWS::Logs::LogGroup',
        ...kept,
        Properties: {
          LogGroupName: logGroupOf(environment),
          RetentionInDays: logRetentionDays,
          Tags: tagsOf({ Environment: environment }),
        },
      },
      ...alarmOf(ready),
    },
    outputs: {
      RoleArn: { Description: 'The role of the parent', Value: roleArn },
      WrappingKeyArn: { Description: 'The wrapping key', Value: attribute('WrappingKey', 'Arn') },
      ...(isInBucket ? { BucketName: bucketOutput } : {}),
      LogGroupName: { Description: 'Its log', Value: ref('LogGroup') },
      SecurityGroupId: {
        Description: 'Of the parent',
        Value: attribute('SecurityGroup', 'GroupId'),
      },
    },
  })
}

const bucketOutput: Output = { Description: 'Where sealed keys lie', Value: ref('Bucket') }

/**
 * The parent writes a line each minute; no line is as bad as one that says no. Without a topic there is
 * none: an alarm that tells nobody looks like one that tells somebody.
 */
function alarmOf({ environment, alarmTopicArn }: ReadyEnclave): Readonly<Record<string, Resource>> {
  if (alarmTopicArn === undefined) return {}
  return {
    UpFilter: {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: ref('LogGroup'),
        FilterPattern: '{ $.up IS TRUE }',
        MetricTransformations: [
          {
            MetricNamespace: 'fcl-kms',
            MetricName: `${environment}-EnclaveUp`,
            MetricValue: '1',
            DefaultValue: 0,
          },
        ],
      },
    },
    EnclaveDownAlarm: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmDescription: `The enclave is down: ${environment}`,
        Namespace: 'fcl-kms',
        MetricName: `${environment}-EnclaveUp`,
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 1,
        TreatMissingData: 'breaching',
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        AlarmActions: [alarmTopicArn],
        OKActions: [alarmTopicArn],
      },
    },
  }
}
