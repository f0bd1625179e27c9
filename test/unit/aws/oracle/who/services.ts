/** Services of AWS that watch. @module */
import { fromElsewhere, fromHere, may, mayNot, tls } from '../question.ts'
import {
  bySourceTrail,
  byTrail,
  DELIVERED,
  owned,
  TOPIC,
  TOPIC_KEY,
  TRAIL_LOG,
  TRAIL_ROLE,
} from '../watch.ts'
import type { Row } from './row.ts'

export const services: readonly Row[] = [
  {
    who: 'EventBridge and CloudWatch',
    may: {
      "publish to the topic of alarms, for the account's own rules and alarms": {
        'watch/TopicPolicy.PolicyDocument': [
          'events.amazonaws.com',
          'cloudwatch.amazonaws.com',
        ].flatMap((who) => may(who, 'sns:Publish', TOPIC, { context: { ...fromHere, ...tls } })),
      },
      'use the key that encrypts it': {
        'watch/TopicKey.KeyPolicy': may(
          'cloudwatch.amazonaws.com',
          ['kms:Decrypt', 'kms:GenerateDataKey'],
          TOPIC_KEY,
          { context: fromHere },
        ),
      },
    },
    mayNot: {
      "do so for another account's": {
        'watch/TopicPolicy.PolicyDocument': mayNot('events.amazonaws.com', 'sns:Publish', TOPIC, {
          context: { ...fromElsewhere, ...tls },
        }),
        'watch/TopicKey.KeyPolicy': mayNot('events.amazonaws.com', 'kms:Decrypt', TOPIC_KEY, {
          context: fromElsewhere,
        }),
      },
    },
  },
  {
    who: 'CloudTrail',
    may: {
      'deliver the trail of the stack': {
        'watch with all/TrailBucketPolicy.PolicyDocument': may(
          'cloudtrail.amazonaws.com',
          's3:PutObject',
          DELIVERED,
          { context: { ...byTrail, ...owned } },
        ),
      },
      'write its log, by a role of its own': {
        'watch with all/TrailRole.AssumeRolePolicyDocument': may(
          'cloudtrail.amazonaws.com',
          'sts:AssumeRole',
          TRAIL_ROLE,
          { context: bySourceTrail },
        ),
        'watch with all/TrailRole.Policies.0.PolicyDocument': may(
          TRAIL_ROLE,
          'logs:PutLogEvents',
          TRAIL_LOG,
        ),
      },
    },
    mayNot: {
      'read or remove what it delivered': {
        'watch with all/TrailBucketPolicy.PolicyDocument': mayNot(
          'cloudtrail.amazonaws.com',
          ['s3:DeleteObject', 's3:GetObject'],
          DELIVERED,
          { context: byTrail },
        ),
      },
    },
  },
]
