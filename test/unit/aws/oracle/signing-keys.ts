/** The stack `signing-keys`. @module */
import { role } from '../../../support/stack-variants.ts'
import { administered } from './administering.ts'
import {
  ADMIN,
  ANONYMOUS,
  BACKEND,
  type Context,
  digest,
  FOREIGNER,
  keyOf,
  type Matrix,
  may,
  mayNot,
  type Question,
  ROOT,
  raw,
  SIGNER,
  STRANGER,
  sha384,
} from './question.ts'
import { takenBy } from './trust.ts'

/** Each of the denied patterns at least once. */
const destruction = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:CreateGrant',
  'kms:DeleteAlias',
  'kms:DeleteImportedKeyMaterial',
  'kms:DisableKey',
  'kms:EnableKey',
  'kms:ImportKeyMaterial',
  'kms:PutKeyPolicy',
  'kms:ReplicateKey',
  'kms:RetireGrant',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
  'kms:UpdatePrimaryRegion',
]

type People = {
  readonly signer?: string
  /** Of whoever signs. */
  readonly tag?: Context
  readonly describes?: boolean
}

/** Which is RAW. */
const ofDefaultType: Context = { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' }

/** @returns That the signer signs digests and nobody else signs; both, against a grant as well. */
function ofKey(on: string, people: People = {}): Question[] {
  const { signer = SIGNER, tag = {}, describes = false } = people
  const sign = 'kms:Sign'
  const others = [STRANGER, FOREIGNER, BACKEND, ADMIN, ROOT, ANONYMOUS]
  const context = { ...digest, ...tag }
  return [
    ...may(signer, sign, on, { context }),
    ...[raw, ofDefaultType, sha384].flatMap((wrong) => {
      const wrongly = { ...wrong, ...tag }
      return [
        ...mayNot(signer, sign, on, { context: wrongly }),
        ...mayNot(signer, sign, on, { context: wrongly, wider: true }),
        ...mayNot(signer, sign, on, { context: wrongly, undenied: true }),
      ]
    }),
    ...others.flatMap((who) => [
      ...mayNot(who, sign, on, { context }),
      ...mayNot(who, sign, on, { context, wider: true }),
    ]),
    ...mayNot(STRANGER, sign, on, { context, undenied: true }),
    ...may(signer, 'kms:GetPublicKey', on),
    ...(describes ? may : mayNot)(signer, 'kms:DescribeKey', on),
    ...mayNot(STRANGER, 'kms:GetPublicKey', on),
    ...mayNot(signer, destruction, on),
    ...mayNot(signer, destruction, on, { wider: true }),
    ...may(FOREIGNER, destruction, on, { wider: true }),
    ...mayNot(signer, 'kms:Decrypt', on),
    ...administered(on),
  ]
}

const tagged = (Environment: string) => ({ 'aws:PrincipalTag/Environment': Environment })
const ofTaggedKey = (on: string): Question[] => [
  ...ofKey(on, { tag: tagged('production'), describes: true }),
  ...[tagged('development'), {}].flatMap((tag) =>
    mayNot(SIGNER, 'kms:Sign', on, { context: { ...digest, ...tag } }),
  ),
]

const ofReplicatedKey = (on: string): Question[] => [
  ...ofKey(on),
  ...['eu-west-1', 'us-east-1'].flatMap((region) =>
    may(ADMIN, 'kms:ReplicateKey', on, { context: { 'kms:ReplicaRegion': region } }),
  ),
  ...mayNot(STRANGER, 'kms:ReplicateKey', on, { context: { 'kms:ReplicaRegion': 'eu-west-1' } }),
  ...mayNot(ADMIN, 'kms:ReplicateKey', on, { context: { 'kms:ReplicaRegion': 'eu-north-1' } }),
]

/** @returns What an IAM policy lets a role do with these keys; `other` is a key that is not its own. */
export const signs = (who: string, keys: readonly string[], other = keyOf('Other')): Question[] => [
  ...keys.flatMap((on) => [
    ...may(who, 'kms:Sign', on, { context: digest }),
    ...mayNot(who, 'kms:Sign', on, { context: raw }),
    ...mayNot(who, 'kms:Sign', on, { context: sha384 }),
    ...may(who, 'kms:GetPublicKey', on),
    ...mayNot(who, ['kms:ScheduleKeyDeletion', 'kms:CreateGrant', 'kms:PutKeyPolicy'], on),
  ]),
  ...mayNot(who, 'kms:Sign', other, { context: digest }),
  ...mayNot(who, 'kms:GetPublicKey', other),
]

const MINTER = keyOf('KeyMinter')
const PAYER = keyOf('KeyPayer')
const FOREIGN_SIGNER = role('flow-signer', '444455556666')
const taken = takenBy('lambda.amazonaws.com', 'flow-signer')

export const signingKeys: Matrix = {
  'keys/SignerRole.AssumeRolePolicyDocument': taken,
  'keys/SignerPolicy.PolicyDocument': signs(SIGNER, [MINTER, PAYER]),
  'keys/KeyMinter.KeyPolicy': ofKey(MINTER),
  'keys/KeyPayer.KeyPolicy': ofKey(PAYER),
  'keys by tag/SignerRole.AssumeRolePolicyDocument': taken,
  'keys by tag/SignerPolicy.PolicyDocument': [
    ...signs(SIGNER, [MINTER, PAYER]),
    ...[MINTER, PAYER].flatMap((on) => may(SIGNER, 'kms:DescribeKey', on)),
  ],
  'keys by tag/KeyMinter.KeyPolicy': ofTaggedKey(MINTER),
  'keys by tag/KeyPayer.KeyPolicy': ofTaggedKey(PAYER),
  'keys of a role that exists/KeyMinter.KeyPolicy': ofKey(MINTER, { signer: FOREIGN_SIGNER }),
  'keys of a role that exists/KeyPayer.KeyPolicy': ofKey(PAYER, { signer: FOREIGN_SIGNER }),
  'keys of several Regions/SignerRole.AssumeRolePolicyDocument': taken,
  'keys of several Regions/SignerPolicy.PolicyDocument': signs(SIGNER, [MINTER, PAYER]),
  'keys of several Regions/KeyMinter.KeyPolicy': ofReplicatedKey(MINTER),
  'keys of several Regions/KeyPayer.KeyPolicy': ofReplicatedKey(PAYER),
  'replicas/KeyMinter.KeyPolicy': ofKey(MINTER),
}
