/** The policy of a key that one role signs with and another administers. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import { assertEnvironment, assertTexts, REGION } from '../checks.ts'
import {
  assertAccount,
  assertDescribe,
  digestOnly,
  oneOrAll,
  type PolicyDocument,
  type PolicyStatement,
  parseRoleArn,
  policyDocument,
} from './policy-document.ts'

/** Options of `keyPolicy` and `keyPolicyFaults`. */
export type KeyPolicyOptions = {
  /** The AWS account of the key: 12 digits. */
  readonly accountId: string
  /** Default `aws`. */
  readonly partition?: string
  /** The role, not a session of it. It may be of another account, whose IAM policy must agree. */
  readonly signerRoleArn: string
  /** Another role, of the key's own account: KMS lets no other account administer a key. */
  readonly adminRoleArn: string
  /** Also allow the signing role `kms:DescribeKey`, without which `diagnose` warns. */
  readonly describe?: boolean
  /** Deny `kms:Sign` to whoever does not carry this value of the tag `Environment`. */
  readonly environment?: string
  /** Regions to which the administrator may replicate the key, where the policy is another one. */
  readonly replicaRegions?: readonly string[]
}

/**
 * What the administrator may do. Not `kms:Sign`; not `kms:CreateGrant`, which would hand it on; not
 * `kms:ReplicateKey`, unless Regions are named: a replica has a key policy of its own.
 */
export const administration: readonly string[] = [
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

/** What the signing role may never do, not by a grant nor by a later statement either. */
const destruction = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:CreateGrant',
  'kms:Delete*',
  'kms:Disable*',
  'kms:Enable*',
  'kms:ImportKeyMaterial',
  'kms:Put*',
  'kms:ReplicateKey',
  'kms:RetireGrant',
  'kms:RevokeGrant',
  'kms:RotateKeyOnDemand',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
]

/**
 * A key policy that takes the place of KMS's default one, which leaves the decision to the IAM
 * policies of the account. Under this one no IAM policy can let anybody in: the signing role may
 * sign digests and read the public key, the administrator may do all but sign, and denials hold
 * against grants too.
 *
 * Who can still change it: the administrator's role, and the root user of the account (not the
 * account's other users and roles, whatever IAM says), who may only read and replace the policy.
 * - Put it on the key as the administrator or the root user: KMS refuses a policy that its caller
 *   could not replace (unless told to bypass that check: do not), and one that names a role that
 *   does not exist.
 * - A role that is deleted, even when it is made again by the same name, has lost its rights here:
 *   KMS remembers the role, not its name. Let the administrator put the policy on again; for the
 *   administrator's own role the root user must. Where organizations remove the credentials of root
 *   users, nobody is left then but AWS Support; restore them first.
 * - The administrator cannot sign, but can write a policy by which he can. So can the root user.
 *   Watch CloudTrail for `PutKeyPolicy`, and give the two roles to different people.
 *
 * @returns Frozen plain data. In a key policy the resource `*` is the key itself.
 * @throws {SignerError} `INVALID_OPTION` for what is not the ARN of a role, for one role in both
 * places, for an administrator of another account, and for roles of another partition.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
 */
export function keyPolicy(options: KeyPolicyOptions): PolicyDocument {
  assertKnownKeys(options, known)
  const { accountId, partition = 'aws', signerRoleArn, adminRoleArn, describe = false } = options
  const { environment, replicaRegions } = options
  assertAccount(accountId, partition)
  assertDescribe(describe)
  if (environment !== undefined) assertEnvironment(environment)
  if (replicaRegions !== undefined)
    assertTexts('replicaRegions', replicaRegions, REGION, 'names of Regions')
  const signer = parseRoleArn('signerRoleArn', signerRoleArn)
  const admin = parseRoleArn('adminRoleArn', adminRoleArn)
  if (signer.partition !== partition) throw invalid('signerRoleArn', 'it is of another partition')
  if (admin.partition !== partition) throw invalid('adminRoleArn', 'it is of another partition')
  if (admin.accountId !== accountId) throw invalid('adminRoleArn', 'it is of another account')
  // Two roles of an account differ by more than case.
  if (signerRoleArn.toLowerCase() === adminRoleArn.toLowerCase())
    throw invalid('adminRoleArn', 'it is the role that signs')
  const rootArn = `arn:${partition}:iam::${accountId}:root`
  return policyDocument([
    ...allowances(signerRoleArn, adminRoleArn, rootArn, describe),
    ...(replicaRegions === undefined ? [] : [replication(adminRoleArn, replicaRegions)]),
    ...denials(signerRoleArn),
    ...(environment === undefined ? [] : [apart(environment)]),
  ])
}

const known = [
  'accountId',
  'partition',
  'signerRoleArn',
  'adminRoleArn',
  'describe',
  'environment',
  'replicaRegions',
]

const replication = (adminRoleArn: string, regions: readonly string[]): PolicyStatement => ({
  Sid: 'ReplicateToTheseRegions',
  Effect: 'Allow',
  Principal: { AWS: adminRoleArn },
  Action: 'kms:ReplicateKey',
  Resource: '*',
  Condition: { StringEquals: { 'kms:ReplicaRegion': oneOrAll(regions) } },
})

const apart = (environment: string): PolicyStatement => ({
  Sid: 'NoOtherEnvironment',
  Effect: 'Deny',
  Principal: '*',
  Action: 'kms:Sign',
  Resource: '*',
  Condition: { StringNotEquals: { 'aws:PrincipalTag/Environment': environment } },
})

function allowances(
  signerRoleArn: string,
  adminRoleArn: string,
  rootArn: string,
  describe: boolean,
): readonly PolicyStatement[] {
  return [
    {
      Sid: 'SignForFlow',
      Effect: 'Allow',
      Principal: { AWS: signerRoleArn },
      Action: 'kms:Sign',
      Resource: '*',
      Condition: { StringEquals: digestOnly },
    },
    {
      Sid: 'ReadThePublicKey',
      Effect: 'Allow',
      Principal: { AWS: signerRoleArn },
      Action: oneOrAll(['kms:GetPublicKey', ...(describe ? ['kms:DescribeKey'] : [])]),
      Resource: '*',
    },
    {
      Sid: 'Administer',
      Effect: 'Allow',
      Principal: { AWS: adminRoleArn },
      Action: administration,
      Resource: '*',
    },
    {
      Sid: 'RecoverAsTheRootUser',
      Effect: 'Allow',
      Principal: { AWS: rootArn },
      Action: ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:PutKeyPolicy'],
      Resource: '*',
      // Without it the ARN stands for the whole account, and IAM policies would decide.
      Condition: { StringEquals: { 'aws:PrincipalType': 'Account' } },
    },
  ]
}

/** A negated condition also holds where the key is absent, so nothing slips through by silence. */
function denials(signerRoleArn: string): readonly PolicyStatement[] {
  const sign = { Effect: 'Deny', Principal: '*', Action: 'kms:Sign', Resource: '*' } as const
  const { 'kms:MessageType': type, 'kms:SigningAlgorithm': algorithm } = digestOnly
  return [
    {
      Sid: 'NobodyElseSigns',
      ...sign,
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': signerRoleArn } },
    },
    // Two statements: the keys of one condition must all hold, and here one is enough.
    {
      Sid: 'NothingButDigests',
      ...sign,
      Condition: { StringNotEquals: { 'kms:MessageType': type } },
    },
    {
      Sid: 'NoOtherAlgorithm',
      ...sign,
      Condition: { StringNotEquals: { 'kms:SigningAlgorithm': algorithm } },
    },
    {
      Sid: 'SignerOnlySigns',
      Effect: 'Deny',
      Principal: { AWS: signerRoleArn },
      Action: destruction,
      Resource: '*',
    },
  ]
}
