/** What no account of an organization may do to signing keys, but by a role that breaks the glass. @module */

import { assertKnownKeys } from '../../options.ts'
import { assertRoles, assertWhole } from '../checks.ts'
import { type PolicyDocument, parseRoleArn, policyDocument } from '../policies/policy-document.ts'
import { type GuardedSigner, guarding } from './guarded-signer.ts'

/** Options of `serviceControlPolicy`. */
export type ServiceControlOptions = {
  /** Roles that may, all of one partition. */
  readonly breakGlassRoleArns: readonly string[]
  /** Days that a deletion has to wait, whoever asks. Default 30, the most that KMS knows. */
  readonly minimumWaitingDays?: number
  /** A remote signer, of the same partition, which nobody else changes or goes around. */
  readonly signer?: GuardedSigner
}

/**
 * A service control policy: nobody but the named roles disables a key or asks for its deletion, and
 * the deletion waits; nobody but they stops the trails. With `signer`, only those who deploy it change
 * its function or pass on its role, and only its callers invoke it: IAM policies alone would let in
 * whom they like.
 *
 * @example
 * serviceControlPolicy({ breakGlassRoleArns: ['arn:aws:iam::111122223333:role/break-glass'] })
 * @returns Frozen plain data. Attach it by AWS Organizations; it does not bind the management account.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function serviceControlPolicy(options: ServiceControlOptions): PolicyDocument {
  assertKnownKeys(options, ['breakGlassRoleArns', 'minimumWaitingDays', 'signer'])
  const { breakGlassRoleArns, minimumWaitingDays = 30, signer } = options
  const [first = ''] = Array.isArray(breakGlassRoleArns) ? breakGlassRoleArns : []
  const { partition } = parseRoleArn('breakGlassRoleArns', first)
  assertRoles('breakGlassRoleArns', breakGlassRoleArns, partition)
  assertWhole('minimumWaitingDays', minimumWaitingDays, 7, 30)
  const Condition = { ArnNotEquals: { 'aws:PrincipalArn': [...breakGlassRoleArns] } }
  const deny = { Effect: 'Deny', Resource: '*' } as const
  return policyDocument([
    {
      Sid: 'NobodyEndsKeys',
      ...deny,
      Action: ['kms:DisableKey', 'kms:ScheduleKeyDeletion'],
      Condition,
    },
    {
      Sid: 'NoDeletionIsQuick',
      ...deny,
      Action: 'kms:ScheduleKeyDeletion',
      Condition: {
        NumericLessThan: {
          'kms:ScheduleKeyDeletionPendingWindowInDays': String(minimumWaitingDays),
        },
      },
    },
    {
      Sid: 'NobodyStopsTheTrail',
      ...deny,
      Action: [
        'cloudtrail:DeleteTrail',
        'cloudtrail:PutEventSelectors',
        'cloudtrail:StopLogging',
        'cloudtrail:UpdateTrail',
      ],
      Condition,
    },
    ...(signer === undefined ? [] : guarding(signer, partition)),
  ])
}
