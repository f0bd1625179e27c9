/** The stack `sealed-keys`. @module */
import { role } from '../../../support/stack-variants.ts'
import { administeredAndRotated } from './administering.ts'
import { changedByAdmin } from './bucket.ts'
import {
  ADMIN,
  FOREIGNER,
  keyOf,
  type Matrix,
  may,
  mayNot,
  plain,
  type Question,
  STRANGER,
  tls,
} from './question.ts'
import { takenBy } from './trust.ts'

export const WALLETS = role('flow-wallets')
export const WRAPPING = keyOf('WrappingKey')
export const sealed = {
  'kms:EncryptionContext:fcl-kms': 'sealed-key',
  'kms:EncryptionContext:wallet': 'alice',
}
export const noWallet = { 'kms:EncryptionContext:fcl-kms': 'sealed-key' }
export const noMark = { 'kms:EncryptionContext:wallet': 'alice' }
const otherMark = { ...sealed, 'kms:EncryptionContext:fcl-kms': 'something-else' }
const wrong = [noWallet, noMark, otherMark]

const making = ['kms:Decrypt', 'kms:GenerateDataKey']
const makingOfKms = [...making, 'kms:GenerateDataKeyPairWithoutPlaintext']
/** Each of the denied patterns once. */
const use = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom']

/** @returns That the role opens and makes sealed keys, and never without their encryption context. */
const opens = (actions: readonly string[]): Question[] => [
  ...may(WALLETS, actions, WRAPPING, { context: sealed }),
  ...wrong.flatMap((context) => mayNot(WALLETS, actions, WRAPPING, { context })),
  ...mayNot(WALLETS, ['kms:ScheduleKeyDeletion', 'kms:CreateGrant'], WRAPPING),
]

const ofWrappingKey = (actions: readonly string[]): Question[] => [
  ...opens(actions),
  ...wrong.flatMap((context) => [
    ...mayNot(WALLETS, use, WRAPPING, { context, wider: true }),
    ...mayNot(WALLETS, 'kms:Decrypt', WRAPPING, { context, undenied: true }),
  ]),
  ...[STRANGER, FOREIGNER, ADMIN].flatMap((who) => [
    ...mayNot(who, use, WRAPPING, { context: sealed }),
    ...mayNot(who, use, WRAPPING, { context: sealed, wider: true }),
  ]),
  ...mayNot(STRANGER, 'kms:Decrypt', WRAPPING, { context: sealed, undenied: true }),
  ...administeredAndRotated(WRAPPING),
]

export const SEALED_BUCKET = 'arn:aws:s3:::bucket'
export const RECORD = `${SEALED_BUCKET}/alice`
const keeping = ['s3:DeleteObject', 's3:GetObject', 's3:PutObject']
const versions = ['s3:DeleteObjectVersion', 's3:GetObjectVersion']
const keepsRecords: Question[] = [
  ...mayNot(WALLETS, 'kms:Decrypt', keyOf('Other'), { context: sealed }),
  ...may(WALLETS, keeping, RECORD),
  ...mayNot(WALLETS, versions, RECORD),
  ...mayNot(WALLETS, keeping, 'arn:aws:s3:::another/alice'),
  ...may(WALLETS, 's3:ListBucket', SEALED_BUCKET),
  ...mayNot(WALLETS, 's3:ListBucket', 'arn:aws:s3:::another'),
  ...mayNot(WALLETS, ['s3:PutBucketPolicy', 's3:DeleteBucket'], SEALED_BUCKET),
]
const ofBucket: Question[] = [
  ...[WALLETS, ADMIN].flatMap((who) => [
    ...may(who, [...keeping, ...versions], RECORD, { context: tls }),
    ...mayNot(who, keeping, RECORD, { context: plain }),
    ...mayNot(who, 's3:ListBucket', SEALED_BUCKET, { context: plain }),
  ]),
  ...may(WALLETS, 's3:ListBucket', SEALED_BUCKET, { context: tls }),
  ...mayNot(STRANGER, [...keeping, ...versions], RECORD, { context: tls }),
  ...mayNot(FOREIGNER, keeping, RECORD, { context: tls, wider: true }),
  ...changedByAdmin(SEALED_BUCKET, [WALLETS, STRANGER]),
]

export const sealedKeys: Matrix = {
  'sealed keys/Role.AssumeRolePolicyDocument': takenBy('ecs-tasks.amazonaws.com', 'flow-wallets'),
  'sealed keys/WrappingKey.KeyPolicy': ofWrappingKey(making),
  'sealed keys/BucketPolicy.PolicyDocument': ofBucket,
  'sealed keys/RolePolicy.PolicyDocument': [...opens(making), ...keepsRecords],
  'sealed keys of KMS/Role.AssumeRolePolicyDocument': takenBy('ec2.amazonaws.com', 'flow-wallets'),
  'sealed keys of KMS/WrappingKey.KeyPolicy': ofWrappingKey(makingOfKms),
  'sealed keys of KMS/BucketPolicy.PolicyDocument': ofBucket,
  'sealed keys of KMS/RolePolicy.PolicyDocument': [...opens(makingOfKms), ...keepsRecords],
}
