/** Who administers a key, whatever it does. @module */
import { ADMIN, FOREIGN_ROOT, may, mayNot, type Question, ROOT, STRANGER } from './question.ts'

const administration = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:GetKeyPolicy',
  'kms:GetPublicKey',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
]
const rotation = ['kms:DisableKeyRotation', 'kms:EnableKeyRotation', 'kms:GetKeyRotationStatus']
const recovery = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:PutKeyPolicy']

/** @returns That the administrator does all of it, and the root user mends the policy. */
export const administered = (on: string): Question[] => [
  ...may(ADMIN, administration, on),
  ...mayNot(ADMIN, ['kms:CreateGrant', 'kms:ReplicateKey', 'kms:ImportKeyMaterial'], on),
  ...may(ROOT, recovery, on),
  ...mayNot(ROOT, ['kms:ScheduleKeyDeletion', 'kms:CreateGrant', 'kms:DisableKey'], on),
  ...mayNot(FOREIGN_ROOT, recovery, on),
  // What the ARN of the account would let in, were it not for the condition.
  ...mayNot(STRANGER, [...recovery, 'kms:ScheduleKeyDeletion', 'kms:CreateGrant'], on),
]

/** Of a key that encrypts. */
export const administeredAndRotated = (on: string): Question[] => [
  ...administered(on),
  ...may(ADMIN, rotation, on),
  ...mayNot(STRANGER, rotation, on),
]
