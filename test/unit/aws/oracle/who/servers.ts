/** What opens sealed keys, and the admin server. @module */
import { KEY } from '../../../../support/stack-variants.ts'
import {
  ANCHOR,
  AUDIT_BUCKET,
  IMAGE_LAYER,
  OTHER_SECRET,
  REPOSITORY,
  SECRET,
  SERVER,
  SERVER_LOG,
  STARTER,
} from '../admin-server.ts'
import { digest, keyOf, may, mayNot, OTHER_KEY, STRANGER, tls } from '../question.ts'
import {
  noMark,
  noWallet,
  RECORD,
  SEALED_BUCKET,
  sealed,
  WALLETS,
  WRAPPING,
} from '../sealed-keys.ts'
import type { Row } from './row.ts'

const signed = { context: digest }

export const servers: readonly Row[] = [
  {
    who: 'the role of wallets',
    may: {
      'seal and open keys, each for its wallet': {
        'sealed keys/WrappingKey.KeyPolicy': may(
          WALLETS,
          ['kms:Decrypt', 'kms:GenerateDataKey'],
          WRAPPING,
          { context: sealed },
        ),
      },
      'keep their records': {
        'sealed keys/RolePolicy.PolicyDocument': may(
          WALLETS,
          ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
          RECORD,
        ),
      },
    },
    mayNot: {
      'unwrap anything else': {
        'sealed keys/WrappingKey.KeyPolicy': [noWallet, noMark].flatMap((context) =>
          mayNot(WALLETS, 'kms:Decrypt', WRAPPING, { context, wider: true }),
        ),
      },
      'remove an old version of a record': {
        'sealed keys/RolePolicy.PolicyDocument': mayNot(WALLETS, 's3:DeleteObjectVersion', RECORD),
      },
      'change the bucket': {
        'sealed keys/BucketPolicy.PolicyDocument': mayNot(
          WALLETS,
          ['s3:PutBucketPolicy', 's3:PutLifecycleConfiguration'],
          SEALED_BUCKET,
          { context: tls },
        ),
      },
    },
  },
  {
    who: 'the role of the admin server',
    may: {
      'sign digests with its keys': {
        'admin server/Role.Policies.0.PolicyDocument': may(SERVER, 'kms:Sign', KEY, signed),
        'admin server/KmsEndpoint.PolicyDocument': may(SERVER, 'kms:Sign', KEY, signed),
      },
      'write and list anchors of the audit trail': {
        'admin server/RolePolicy.PolicyDocument': [
          ...may(SERVER, ['s3:PutObject', 's3:PutObjectRetention'], ANCHOR),
          ...may(SERVER, 's3:ListBucketVersions', AUDIT_BUCKET),
        ],
      },
      "look up CloudTrail's events": {
        'admin server/RolePolicy.PolicyDocument': may(SERVER, 'cloudtrail:LookupEvents', '*'),
      },
    },
    mayNot: {
      'sign with another key': {
        'admin server/Role.Policies.0.PolicyDocument': mayNot(
          SERVER,
          'kms:Sign',
          keyOf('Other'),
          signed,
        ),
        'admin server/KmsEndpoint.PolicyDocument': mayNot(SERVER, 'kms:Sign', OTHER_KEY, signed),
      },
      'read or remove an anchor': {
        'admin server/RolePolicy.PolicyDocument': mayNot(
          SERVER,
          ['s3:GetObject', 's3:DeleteObject', 's3:DeleteObjectVersion'],
          ANCHOR,
        ),
      },
      'read a secret, on ECS': {
        'admin server/RolePolicy.PolicyDocument': mayNot(
          SERVER,
          'secretsmanager:GetSecretValue',
          SECRET,
        ),
      },
    },
  },
  {
    who: 'the role that starts it on ECS',
    may: {
      'read its secrets': {
        'admin server/ExecutionRole.Policies.0.PolicyDocument': may(
          STARTER,
          'secretsmanager:GetSecretValue',
          SECRET,
        ),
      },
      'write its log': {
        'admin server/ExecutionRole.Policies.0.PolicyDocument': may(
          STARTER,
          'logs:PutLogEvents',
          SERVER_LOG,
        ),
      },
      'fetch its image': {
        'admin server with a task/ExecutionRole.Policies.0.PolicyDocument': may(
          STARTER,
          'ecr:BatchGetImage',
          REPOSITORY,
        ),
      },
    },
    mayNot: {
      'read another secret': {
        'admin server/ExecutionRole.Policies.0.PolicyDocument': mayNot(
          STARTER,
          'secretsmanager:GetSecretValue',
          OTHER_SECRET,
        ),
      },
      'push an image': {
        'admin server with a task/ExecutionRole.Policies.0.PolicyDocument': mayNot(
          STARTER,
          'ecr:PutImage',
          REPOSITORY,
        ),
      },
    },
  },
  {
    who: 'anybody else in the VPC of the admin server, whatever IAM allows',
    may: {
      'fetch layers of images from ECR, where the image is there': {
        'admin server with a task/BucketEndpoint.PolicyDocument': may(
          STRANGER,
          's3:GetObject',
          IMAGE_LAYER,
        ),
      },
    },
    mayNot: {
      'sign, read a secret or write an anchor through its endpoints': {
        'admin server/KmsEndpoint.PolicyDocument': mayNot(STRANGER, 'kms:Sign', KEY, signed),
        'admin server/SecretsEndpoint.PolicyDocument': mayNot(
          STRANGER,
          'secretsmanager:GetSecretValue',
          SECRET,
        ),
        'admin server/BucketEndpoint.PolicyDocument': mayNot(STRANGER, 's3:PutObject', ANCHOR),
      },
      'look up events through them': {
        'admin server/TrailEndpoint.PolicyDocument': mayNot(
          STRANGER,
          'cloudtrail:LookupEvents',
          '*',
        ),
      },
    },
  },
]
