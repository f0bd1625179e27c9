/** The stack `watch`. @module */
import { ACCOUNT, role } from '../../../support/stack-variants.ts'
import { administeredAndRotated } from './administering.ts'
import { changedByAdmin } from './bucket.ts'
import {
  ADMIN,
  type Context,
  FOREIGNER,
  fromElsewhere,
  fromHere,
  keyOf,
  type Matrix,
  may,
  mayNot,
  plain,
  type Question,
  STRANGER,
  tls,
} from './question.ts'

const HERE = `eu-central-1:${ACCOUNT}`
const TELLERS = ['events.amazonaws.com', 'cloudwatch.amazonaws.com']
const OTHER_SERVICE = 's3.amazonaws.com'

const KEY = keyOf('TopicKey')
const use = ['kms:Decrypt', 'kms:GenerateDataKey']
const ofKey: Question[] = [
  ...TELLERS.flatMap((who) => [
    ...may(who, use, KEY, { context: fromHere }),
    ...mayNot(who, use, KEY, { context: fromElsewhere }),
    ...mayNot(who, 'kms:PutKeyPolicy', KEY, { context: fromHere }),
  ]),
  ...mayNot(OTHER_SERVICE, use, KEY, { context: fromHere }),
  ...[ADMIN, STRANGER].flatMap((who) => mayNot(who, use, KEY)),
  ...administeredAndRotated(KEY),
]

const TOPIC = `arn:aws:sns:${HERE}:Topic`
const tell = 'sns:Publish'
const ofTopic: Question[] = [
  ...TELLERS.flatMap((who) => [
    ...may(who, tell, TOPIC, { context: { ...fromHere, ...tls } }),
    ...mayNot(who, tell, TOPIC, { context: { ...fromHere, ...plain } }),
    ...mayNot(who, tell, TOPIC, { context: { ...fromElsewhere, ...tls } }),
    ...mayNot(who, ['sns:Subscribe', 'sns:DeleteTopic'], TOPIC, { context: fromHere }),
  ]),
  ...mayNot(OTHER_SERVICE, tell, TOPIC, { context: { ...fromHere, ...tls } }),
  ...mayNot(FOREIGNER, tell, TOPIC, { context: tls }),
]

const TRAIL = `arn:aws:cloudtrail:${HERE}:trail/fcl-kms-production`
const CLOUDTRAIL = 'cloudtrail.amazonaws.com'
const by = (trail: string): Context => ({ ...tls, 'aws:SourceArn': trail })
const byOther = by(TRAIL.replace('production', 'development'))
const owned = { 's3:x-amz-acl': 'bucket-owner-full-control' }
const BUCKET = 'arn:aws:s3:::trailbucket'
const delivered = (account: string) =>
  `${BUCKET}/AWSLogs/${account}/CloudTrail/eu-central-1/a.json.gz`
const ofTrailBucket: Question[] = [
  ...may(CLOUDTRAIL, 's3:GetBucketAcl', BUCKET, { context: by(TRAIL) }),
  ...mayNot(CLOUDTRAIL, 's3:GetBucketAcl', BUCKET, { context: byOther }),
  ...mayNot(CLOUDTRAIL, 's3:GetBucketAcl', BUCKET, { context: { ...by(TRAIL), ...plain } }),
  ...may(CLOUDTRAIL, 's3:PutObject', delivered(ACCOUNT), { context: { ...by(TRAIL), ...owned } }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', delivered(ACCOUNT), { context: by(TRAIL) }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', delivered(ACCOUNT), { context: { ...byOther, ...owned } }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', delivered('444455556666'), {
    context: { ...by(TRAIL), ...owned },
  }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', delivered(ACCOUNT), {
    context: { ...by(TRAIL), ...owned, ...plain },
  }),
  ...mayNot(CLOUDTRAIL, ['s3:DeleteObject', 's3:GetObject'], delivered(ACCOUNT), {
    context: by(TRAIL),
  }),
  ...mayNot(OTHER_SERVICE, 's3:PutObject', delivered(ACCOUNT), {
    context: { ...by(TRAIL), ...owned },
  }),
  ...mayNot(FOREIGNER, 's3:GetObject', delivered(ACCOUNT), { context: tls }),
  ...changedByAdmin(BUCKET, [STRANGER]),
]

const TRAIL_ROLE = role('trailrole')
const take = 'sts:AssumeRole'
const ofTrailRole: Question[] = [
  ...may(CLOUDTRAIL, take, TRAIL_ROLE, { context: { 'aws:SourceArn': TRAIL } }),
  ...mayNot(CLOUDTRAIL, take, TRAIL_ROLE, { context: byOther }),
  ...mayNot(OTHER_SERVICE, take, TRAIL_ROLE, { context: { 'aws:SourceArn': TRAIL } }),
  ...[ADMIN, STRANGER].flatMap((who) => mayNot(who, take, TRAIL_ROLE)),
]
const stream = (group: string, name: string) =>
  `arn:aws:logs:${HERE}:log-group:${group}:log-stream:${name}`
const OWN_LOG = '/fcl-kms/production/trail'
const OWN_STREAM = `${ACCOUNT}_CloudTrail_eu-central-1`
const writing = ['logs:CreateLogStream', 'logs:PutLogEvents']
const writesTheLog: Question[] = [
  ...may(TRAIL_ROLE, writing, stream(OWN_LOG, OWN_STREAM)),
  ...mayNot(TRAIL_ROLE, writing, stream(OWN_LOG, 'another')),
  ...mayNot(TRAIL_ROLE, writing, stream('/aws/lambda/fcl-kms-production', OWN_STREAM)),
  ...mayNot(TRAIL_ROLE, 'logs:DeleteLogStream', stream(OWN_LOG, OWN_STREAM)),
]

export const watch: Matrix = {
  'watch/TopicKey.KeyPolicy': ofKey,
  'watch/TopicPolicy.PolicyDocument': ofTopic,
  'watch with all/TopicKey.KeyPolicy': ofKey,
  'watch with all/TopicPolicy.PolicyDocument': ofTopic,
  'watch with all/TrailBucketPolicy.PolicyDocument': ofTrailBucket,
  'watch with all/TrailRole.AssumeRolePolicyDocument': ofTrailRole,
  'watch with all/TrailRole.Policies.0.PolicyDocument': writesTheLog,
  'watch of a trail/TopicKey.KeyPolicy': ofKey,
  'watch of a trail/TopicPolicy.PolicyDocument': ofTopic,
}
