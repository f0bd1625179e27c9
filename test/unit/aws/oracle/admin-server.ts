/** The stack `admin-server`. @module */
import { ACCOUNT, KEY, role } from '../../../support/stack-variants.ts'
import {
  digest,
  type Matrix,
  may,
  mayNot,
  OTHER_KEY,
  plain,
  type Question,
  STRANGER,
  tls,
} from './question.ts'
import { signs } from './signing-keys.ts'
import { takenBy } from './trust.ts'

export const SERVER = role('flow-admin-server')
const SECRET = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:database-AbCdEf`
const OTHER_SECRET = SECRET.replace('database', 'another')
const BUCKET = 'arn:aws:s3:::auditbucket'
const anchor = `${BUCKET}/anchors/1`
const writing = ['s3:PutObject', 's3:PutObjectRetention']
const read = 'secretsmanager:GetSecretValue'
const removal = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention']

const readsItsSecrets: Question[] = [
  ...may(SERVER, read, SECRET),
  ...mayNot(SERVER, read, OTHER_SECRET),
  ...mayNot(SERVER, 'secretsmanager:PutSecretValue', SECRET),
]
const writesAnchors: Question[] = [
  ...may(SERVER, writing, anchor),
  ...mayNot(SERVER, writing, 'arn:aws:s3:::another/anchors/1'),
  ...mayNot(SERVER, [...removal, 's3:GetObject'], anchor),
  ...may(SERVER, 's3:ListBucketVersions', BUCKET),
  ...mayNot(SERVER, 's3:ListBucketVersions', 'arn:aws:s3:::another'),
  ...mayNot(SERVER, ['s3:PutBucketPolicy', 's3:PutBucketObjectLockConfiguration'], BUCKET),
]
const ofBucket: Question[] = [
  ...may(SERVER, writing, anchor, { context: tls }),
  ...may(SERVER, 's3:ListBucketVersions', BUCKET, { context: tls }),
  ...mayNot(SERVER, writing, anchor, { context: plain }),
  ...mayNot(SERVER, 's3:ListBucketVersions', BUCKET, { context: plain }),
]

/** Of an endpoint: others have a policy that allows everything, and do nothing through it. */
const through = (actions: string | readonly string[], on: string, other: string): Question[] => {
  const how = on === KEY ? { context: digest } : {}
  return [actions].flat().flatMap((action) => {
    const given = action === 'kms:Sign' ? how : {}
    return [
      ...may(SERVER, action, on, given),
      ...mayNot(SERVER, action, other, given),
      ...mayNot(STRANGER, action, on, given),
    ]
  })
}
const common: Matrix = {
  'RolePolicy.PolicyDocument': [...readsItsSecrets, ...writesAnchors],
  'AuditBucketPolicy.PolicyDocument': ofBucket,
  'KmsEndpoint.PolicyDocument': [
    ...through(['kms:GetPublicKey', 'kms:Sign'], KEY, OTHER_KEY),
    ...mayNot(SERVER, ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'], KEY),
  ],
  'SecretsEndpoint.PolicyDocument': [
    ...through(read, SECRET, OTHER_SECRET),
    ...mayNot(SERVER, 'secretsmanager:PutSecretValue', SECRET),
  ],
  'BucketEndpoint.PolicyDocument': [
    ...through(writing, anchor, 'arn:aws:s3:::another/anchors/1'),
    ...through('s3:ListBucketVersions', BUCKET, 'arn:aws:s3:::another'),
    ...mayNot(SERVER, removal, anchor),
  ],
}
const inVariant = (variant: string): Matrix =>
  Object.fromEntries(Object.entries(common).map(([name, list]) => [`${variant}/${name}`, list]))

export const adminServer: Matrix = {
  'admin server/Role.AssumeRolePolicyDocument': takenBy(
    'ecs-tasks.amazonaws.com',
    'flow-admin-server',
  ),
  'admin server/Role.Policies.0.PolicyDocument': signs(SERVER, [KEY]),
  ...inVariant('admin server'),
  ...inVariant('admin server with a task'),
}
