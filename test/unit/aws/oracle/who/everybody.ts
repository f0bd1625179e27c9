/** Everybody else, and the documents of an organization. @module */
import { ACCOUNT, KEY, role } from '../../../../support/stack-variants.ts'
import { ANCHOR, SERVER } from '../admin-server.ts'
import { BREAK_GLASS } from '../documents.ts'
import { attested, ENCLAVE_KEY, ENCLAVE_RECORD, ENCLAVE_SECRET } from '../enclave.ts'
import {
  ANONYMOUS,
  digest,
  FOREIGNER,
  FUNCTION,
  fromHere,
  keyOf,
  may,
  mayNot,
  plain,
  SIGNER,
  STRANGER,
  tls,
} from '../question.ts'
import { API, LIVE } from '../remote-signer.ts'
import { RECORD, SEALED_BUCKET, sealed, WRAPPING } from '../sealed-keys.ts'
import { TRAIL_BUCKET } from '../watch.ts'
import type { Row } from './row.ts'

const MINTER = keyOf('KeyMinter')
const trail = `arn:aws:cloudtrail:eu-central-1:${ACCOUNT}:trail/any`
const signed = { context: digest }
const inDays = (days: number) => ({
  context: { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(days) },
})
const anybodyElse = [STRANGER, FOREIGNER, ANONYMOUS]

export const everybody: readonly Row[] = [
  {
    who: 'anybody else',
    may: {
      'invoke or change the function of the signer, where IAM of its account allows it': {
        'signer by Invoke/Function.Permissions': [
          ...may(STRANGER, 'lambda:InvokeFunction', LIVE),
          ...may(STRANGER, 'lambda:UpdateFunctionCode', FUNCTION),
        ],
      },
      'run a function of their own by the role that signs, where it allows them to pass it': {
        'keys/SignerRole.AssumeRolePolicyDocument': may(
          'lambda.amazonaws.com',
          'sts:AssumeRole',
          SIGNER,
          { context: fromHere },
        ),
      },
    },
    mayNot: {
      'sign, administer a key or read its policy, whatever IAM allows': {
        'keys/KeyMinter.KeyPolicy': [
          ...mayNot(STRANGER, 'kms:Sign', MINTER, { ...signed, wider: true }),
          ...mayNot(STRANGER, ['kms:PutKeyPolicy', 'kms:GetKeyPolicy'], MINTER),
        ],
      },
      'call the API, whatever IAM allows': {
        'signer by API/Api.Policy': anybodyElse.flatMap((who) =>
          mayNot(who, 'execute-api:Invoke', API, { context: {} }),
        ),
      },
      'open a sealed key or reach its record, whatever IAM allows': {
        'sealed keys/WrappingKey.KeyPolicy': mayNot(STRANGER, 'kms:Decrypt', WRAPPING, {
          context: sealed,
          wider: true,
        }),
        'sealed keys/BucketPolicy.PolicyDocument': mayNot(
          STRANGER,
          ['s3:DeleteObjectVersion', 's3:GetObject', 's3:PutObject'],
          RECORD,
          { context: tls },
        ),
      },
      'open a key of an enclave, under its measurements either, or reach its record in the bucket':
        {
          'enclave/WrappingKey.KeyPolicy': mayNot(
            STRANGER,
            ['kms:Decrypt', 'kms:GenerateDataKey'],
            ENCLAVE_KEY,
            { context: attested, wider: true },
          ),
          'enclave/BucketPolicy.PolicyDocument': mayNot(STRANGER, 's3:GetObject', ENCLAVE_RECORD, {
            context: tls,
          }),
        },
      'use an endpoint of the VPC of an enclave': {
        'enclave/KmsEndpoint.PolicyDocument': mayNot(STRANGER, 'kms:Decrypt', ENCLAVE_KEY, {
          context: attested,
        }),
        'enclave in a VPC that exists/SecretsEndpoint.PolicyDocument': mayNot(
          STRANGER,
          'secretsmanager:GetSecretValue',
          ENCLAVE_SECRET,
          { context: {} },
        ),
      },
      'open or empty a bucket of sealed keys or of a trail, whatever IAM allows': {
        'sealed keys/BucketPolicy.PolicyDocument': mayNot(
          STRANGER,
          ['s3:PutBucketPolicy', 's3:PutLifecycleConfiguration'],
          SEALED_BUCKET,
          { context: tls },
        ),
        'watch with all/TrailBucketPolicy.PolicyDocument': mayNot(
          STRANGER,
          ['s3:PutBucketPolicy', 's3:PutLifecycleConfiguration'],
          TRAIL_BUCKET,
          { context: tls },
        ),
      },
      'reach a bucket without TLS': {
        'admin server/AuditBucketPolicy.PolicyDocument': mayNot(SERVER, 's3:PutObject', ANCHOR, {
          context: plain,
        }),
      },
    },
  },
  {
    who: 'everybody under the service control policy',
    may: {
      'cancel a deletion, start a trail': {
        'service control policy': [
          ...may(STRANGER, 'kms:CancelKeyDeletion', KEY),
          ...may(STRANGER, 'cloudtrail:StartLogging', trail),
        ],
      },
    },
    mayNot: {
      'disable a key or ask for its deletion': {
        'service control policy': [
          ...mayNot(STRANGER, 'kms:DisableKey', KEY),
          ...mayNot(STRANGER, 'kms:ScheduleKeyDeletion', KEY, inDays(30)),
        ],
      },
      'change or invoke a signer that is named there, or give its role to anything': {
        'service control policy with a signer': [
          ...mayNot(STRANGER, ['lambda:UpdateFunctionCode', 'lambda:AddPermission'], FUNCTION),
          ...mayNot(STRANGER, 'lambda:InvokeFunction', LIVE),
          ...mayNot(STRANGER, ['iam:PassRole', 'iam:PutRolePolicy'], SIGNER),
        ],
      },
      'stop or change a trail': {
        'service control policy': mayNot(
          STRANGER,
          ['cloudtrail:StopLogging', 'cloudtrail:UpdateTrail', 'cloudtrail:DeleteTrail'],
          trail,
        ),
      },
    },
  },
  {
    who: 'a role that breaks the glass there',
    may: {
      'disable a key, ask for its deletion in 30 days': {
        'service control policy': BREAK_GLASS.flatMap((who) => [
          ...may(who, 'kms:DisableKey', KEY),
          ...may(who, 'kms:ScheduleKeyDeletion', KEY, inDays(30)),
        ]),
      },
    },
    mayNot: {
      'have it deleted sooner': {
        'service control policy': mayNot(
          role('break-glass'),
          'kms:ScheduleKeyDeletion',
          KEY,
          inDays(29),
        ),
      },
    },
  },
  {
    who: 'a role under the permission boundary',
    may: {
      'sign digests with the named keys, use the named actions of other services': {
        'permission boundary': [
          ...may(SIGNER, 'kms:Sign', KEY, signed),
          ...may(
            SIGNER,
            'logs:PutLogEvents',
            `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:any:log-stream:one`,
          ),
        ],
      },
    },
    mayNot: {
      'sign with another key, administer one, take another role': {
        'permission boundary': [
          ...mayNot(SIGNER, 'kms:Sign', keyOf('Else'), signed),
          ...mayNot(SIGNER, ['kms:PutKeyPolicy', 'kms:CreateGrant'], KEY),
          ...mayNot(SIGNER, 'sts:AssumeRole', STRANGER),
        ],
      },
    },
  },
]
