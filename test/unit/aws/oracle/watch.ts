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

export const TOPIC_KEY: string = keyOf('TopicKey')
const use = ['kms:Decrypt', 'kms:GenerateDataKey']
const ofKey: Question[] = [
  ...TELLERS.flatMap((who) => [
    ...may(who, use, TOPIC_KEY, { context: fromHere }),
    ...mayNot(who, use, TOPIC_KEY, { context: fromElsewhere }),
    ...mayNot(who, 'kms:PutKeyPolicy', TOPIC_KEY, { context: fromHere }),
  ]),
  ...mayNot(OTHER_SERVICE, use, TOPIC_KEY, { context: fromHere }),
  ...[ADMIN, STRANGER].flatMap((who) => mayNot(who, use, TOPIC_KEY)),
  ...administeredAndRotated(TOPIC_KEY),
]

export const TOPIC = `arn:aws:sns:${HERE}:Topic`
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
export const byTrail: Context = by(TRAIL)
const byOther = by(TRAIL.replace('production', 'development'))
export const owned = { 's3:x-amz-acl': 'bucket-owner-full-control' }
export const TRAIL_BUCKET = 'arn:aws:s3:::trailbucket'
const delivered = (account: string) =>
  `${TRAIL_BUCKET}/AWSLogs/${account}/CloudTrail/eu-central-1/a.json.gz`
export const DELIVERED: string = delivered(ACCOUNT)
const ofTrailBucket: Question[] = [
  ...may(CLOUDTRAIL, 's3:GetBucketAcl', TRAIL_BUCKET, { context: byTrail }),
  ...mayNot(CLOUDTRAIL, 's3:GetBucketAcl', TRAIL_BUCKET, { context: byOther }),
  ...mayNot(CLOUDTRAIL, 's3:GetBucketAcl', TRAIL_BUCKET, { context: { ...byTrail, ...plain } }),
  ...may(CLOUDTRAIL, 's3:PutObject', DELIVERED, { context: { ...byTrail, ...owned } }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', DELIVERED, { context: byTrail }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', DELIVERED, { context: { ...byOther, ...owned } }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', delivered('444455556666'), {
    context: { ...byTrail, ...owned },
  }),
  ...mayNot(CLOUDTRAIL, 's3:PutObject', DELIVERED, {
    context: { ...byTrail, ...owned, ...plain },
  }),
  ...mayNot(CLOUDTRAIL, ['s3:DeleteObject', 's3:GetObject'], DELIVERED, {
    context: byTrail,
  }),
  ...mayNot(OTHER_SERVICE, 's3:GetBucketAcl', TRAIL_BUCKET, { context: byTrail }),
  ...mayNot(OTHER_SERVICE, 's3:PutObject', DELIVERED, {
    context: { ...byTrail, ...owned },
  }),
  ...mayNot(FOREIGNER, 's3:GetObject', DELIVERED, { context: tls }),
  ...changedByAdmin(TRAIL_BUCKET, [STRANGER]),
]

export const TRAIL_ROLE: string = role('trailrole')
export const bySourceTrail: Context = { 'aws:SourceArn': TRAIL }
const take = 'sts:AssumeRole'
const ofTrailRole: Question[] = [
  ...may(CLOUDTRAIL, take, TRAIL_ROLE, { context: bySourceTrail }),
  ...mayNot(CLOUDTRAIL, take, TRAIL_ROLE, { context: byOther }),
  ...mayNot(OTHER_SERVICE, take, TRAIL_ROLE, { context: bySourceTrail }),
  ...[ADMIN, STRANGER].flatMap((who) => mayNot(who, take, TRAIL_ROLE)),
]
const stream = (group: string, name: string) =>
  `arn:aws:logs:${HERE}:log-group:${group}:log-stream:${name}`
const OWN_LOG = '/fcl-kms/production/trail'
const OWN_STREAM = `${ACCOUNT}_CloudTrail_eu-central-1`
export const TRAIL_LOG: string = stream(OWN_LOG, OWN_STREAM)
const writing = ['logs:CreateLogStream', 'logs:PutLogEvents']
const writesTheLog: Question[] = [
  ...may(TRAIL_ROLE, writing, TRAIL_LOG),
  ...mayNot(TRAIL_ROLE, writing, stream(OWN_LOG, 'another')),
  ...mayNot(TRAIL_ROLE, writing, stream('/aws/lambda/fcl-kms-production', OWN_STREAM)),
  ...mayNot(TRAIL_ROLE, 'logs:DeleteLogStream', TRAIL_LOG),
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
