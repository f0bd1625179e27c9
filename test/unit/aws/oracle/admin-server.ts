/** The stack `admin-server`. @module */
import { ACCOUNT, KEY, MULTI_REGION_KEY as MULTI, role } from '../../../support/stack-variants.ts'
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
export const SECRET = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:database-AbCdEf`
export const OTHER_SECRET: string = SECRET.replace('database', 'another')
export const AUDIT_BUCKET = 'arn:aws:s3:::auditbucket'
export const ANCHOR = `${AUDIT_BUCKET}/anchors/1`
const writing = ['s3:PutObject', 's3:PutObjectRetention']
const read = 'secretsmanager:GetSecretValue'
const removal = ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention']

const LOGS = `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/fcl-kms/production/`
export const SERVER_LOG = `${LOGS}admin-server:log-stream:admin-server/1`
const logging = ['logs:CreateLogStream', 'logs:PutLogEvents']
export const STARTER = `${SERVER}-execution`
const TRAIL = `arn:aws:cloudtrail:eu-central-1:${ACCOUNT}:trail/a`
const lookUp = 'cloudtrail:LookupEvents'

const starts = (who: string): Question[] => [
  ...may(who, read, SECRET),
  ...mayNot(who, read, OTHER_SECRET),
  ...mayNot(who, 'secretsmanager:PutSecretValue', SECRET),
  ...may(who, logging, SERVER_LOG),
  ...mayNot(who, logging, `${LOGS}another:log-stream:a`),
  ...mayNot(who, ['logs:DeleteLogStream', 'logs:PutRetentionPolicy'], SERVER_LOG),
]
export const REPOSITORY = `arn:aws:ecr:eu-central-1:${ACCOUNT}:repository/admin-server`
const fetching = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
]
const fetchesItsImage: Question[] = [
  ...may(STARTER, 'ecr:GetAuthorizationToken', '*'),
  ...may(STARTER, fetching, REPOSITORY),
  ...mayNot(STARTER, fetching, REPOSITORY.replace(/[^/]+$/, 'another')),
  ...mayNot(STARTER, 'ecr:PutImage', REPOSITORY),
]
const writesAnchors: Question[] = [
  ...may(SERVER, writing, ANCHOR),
  ...mayNot(SERVER, writing, 'arn:aws:s3:::another/anchors/1'),
  ...mayNot(SERVER, [...removal, 's3:GetObject'], ANCHOR),
  ...may(SERVER, 's3:ListBucketVersions', AUDIT_BUCKET),
  ...mayNot(SERVER, 's3:ListBucketVersions', 'arn:aws:s3:::another'),
  ...mayNot(SERVER, ['s3:PutBucketPolicy', 's3:PutBucketObjectLockConfiguration'], AUDIT_BUCKET),
]
const ofBucket: Question[] = [
  ...may(SERVER, writing, ANCHOR, { context: tls }),
  ...may(SERVER, 's3:ListBucketVersions', AUDIT_BUCKET, { context: tls }),
  ...mayNot(SERVER, writing, ANCHOR, { context: plain }),
  ...mayNot(SERVER, 's3:ListBucketVersions', AUDIT_BUCKET, { context: plain }),
]

/** Of an endpoint: others have a policy that allows everything, and do nothing through it. */
const through = (
  actions: string | readonly string[],
  on: string,
  other: string,
  who = SERVER,
): Question[] => {
  const how = on.startsWith('arn:aws:kms:') ? { context: digest } : {}
  return [actions].flat().flatMap((action) => {
    const given = action === 'kms:Sign' ? how : {}
    return [
      ...may(who, action, on, given),
      ...(other === on ? [] : mayNot(who, action, other, given)),
      ...mayNot(STRANGER, action, on, given),
    ]
  })
}
const kmsEndpoint: Question[] = [
  ...through(['kms:GetPublicKey', 'kms:Sign'], KEY, OTHER_KEY),
  ...mayNot(SERVER, ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'], KEY),
]
const secretsEndpoint = (who: string): Question[] => [
  ...through(read, SECRET, OTHER_SECRET, who),
  ...mayNot(who, 'secretsmanager:PutSecretValue', SECRET),
]
const bucketEndpoint: Question[] = [
  ...through(writing, ANCHOR, 'arn:aws:s3:::another/anchors/1'),
  ...through('s3:ListBucketVersions', AUDIT_BUCKET, 'arn:aws:s3:::another'),
  ...mayNot(SERVER, removal, ANCHOR),
]
/** Of ECR, by URLs that it signs itself. */
export const IMAGE_LAYER = 'arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/a'
const fetchesLayers: Question[] = [
  ...[SERVER, STRANGER].flatMap((who) => may(who, 's3:GetObject', IMAGE_LAYER)),
  ...mayNot(STRANGER, 's3:GetObject', ANCHOR),
  ...mayNot(STRANGER, 's3:PutObject', IMAGE_LAYER),
]

const common: Matrix = {
  'AuditBucketPolicy.PolicyDocument': ofBucket,
  'KmsEndpoint.PolicyDocument': kmsEndpoint,
  'BucketEndpoint.PolicyDocument': bucketEndpoint,
}
/** ECS starts it by a role of its own, so that the server reads no secret. */
const byEcs: Matrix = {
  ...common,
  'RolePolicy.PolicyDocument': [
    ...writesAnchors,
    ...may(SERVER, lookUp, '*'),
    ...mayNot(SERVER, 'cloudtrail:DescribeTrails', '*'),
    ...mayNot(SERVER, 'cloudtrail:StopLogging', TRAIL),
    ...mayNot(SERVER, read, SECRET),
  ],
  'ExecutionRole.AssumeRolePolicyDocument': takenBy(
    'ecs-tasks.amazonaws.com',
    'flow-admin-server-execution',
  ),
  'ExecutionRole.Policies.0.PolicyDocument': starts(STARTER),
  'TrailEndpoint.PolicyDocument': through(lookUp, '*', '*'),
  'SecretsEndpoint.PolicyDocument': [...secretsEndpoint(STARTER), ...mayNot(SERVER, read, SECRET)],
}
const describing = ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign']
const onEc2: Matrix = {
  ...common,
  'Role.AssumeRolePolicyDocument': takenBy('ec2.amazonaws.com', 'flow-admin-server'),
  'Role.Policies.0.PolicyDocument': [
    ...signs(SERVER, [MULTI]),
    ...may(SERVER, 'kms:DescribeKey', MULTI),
    ...mayNot(SERVER, 'kms:DescribeKey', OTHER_KEY),
  ],
  'RolePolicy.PolicyDocument': [
    ...starts(SERVER),
    ...writesAnchors,
    ...mayNot(SERVER, lookUp, '*'),
  ],
  'KmsEndpoint.PolicyDocument': [
    ...through(describing, MULTI, OTHER_KEY),
    ...mayNot(SERVER, ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'], MULTI),
  ],
  'SecretsEndpoint.PolicyDocument': secretsEndpoint(SERVER),
}
const withTask: Matrix = {
  ...byEcs,
  'ExecutionRole.Policies.0.PolicyDocument': [...starts(STARTER), ...fetchesItsImage],
  'BucketEndpoint.PolicyDocument': [...bucketEndpoint, ...fetchesLayers],
}
const inVariant = (variant: string, matrix: Matrix): Matrix =>
  Object.fromEntries(Object.entries(matrix).map(([name, list]) => [`${variant}/${name}`, list]))

export const adminServer: Matrix = {
  'admin server/Role.AssumeRolePolicyDocument': takenBy(
    'ecs-tasks.amazonaws.com',
    'flow-admin-server',
  ),
  'admin server/Role.Policies.0.PolicyDocument': signs(SERVER, [KEY]),
  ...inVariant('admin server', byEcs),
  ...inVariant('admin server with a task', withTask),
  ...inVariant('admin server on EC2', onEc2),
}
