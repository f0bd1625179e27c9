/** The most that a role which signs may ever do, whatever its policies say. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  checkedKeyArns,
  digestOnly,
  oneOrAll,
  type PolicyDocument,
  policyDocument,
} from '../policies/policy-document.ts'

/** Options of `permissionBoundary`. */
export type PermissionBoundaryOptions = {
  readonly keyArns: readonly string[]
  /** What else it needs: names of actions as `logs:PutLogEvents`; none of KMS, IAM or STS. */
  readonly otherActions?: readonly string[]
}

/**
 * A permission boundary for roles that others make: digests of these keys, and the named actions of
 * other services. It allows nothing by itself.
 *
 * @example
 * permissionBoundary({
 *   keyArns: ['arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'],
 *   otherActions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
 * })
 * @returns Frozen plain data.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_KEY_ID`.
 */
export function permissionBoundary(options: PermissionBoundaryOptions): PolicyDocument {
  assertKnownKeys(options, ['keyArns', 'otherActions'])
  const { keyArns, otherActions = [] } = options
  if (!Array.isArray(otherActions)) throw invalid('otherActions', 'it is not a list')
  for (const action of otherActions)
    if (typeof action !== 'string' || !/^(?!(kms|iam|sts):)[a-z0-9-]+:[A-Z][A-Za-z]+$/.test(action))
      throw invalid('otherActions', 'one is not the name of an action, or of KMS, IAM or STS')
  const Resource = oneOrAll(checkedKeyArns(keyArns))
  return policyDocument([
    {
      Sid: 'SignDigestsAtMost',
      Effect: 'Allow',
      Action: 'kms:Sign',
      Resource,
      Condition: { StringEquals: digestOnly },
    },
    {
      Sid: 'ReadKeysAtMost',
      Effect: 'Allow',
      Action: ['kms:DescribeKey', 'kms:GetPublicKey'],
      Resource,
    },
    ...(otherActions.length === 0
      ? []
      : [
          {
            Sid: 'WorkAtMost',
            Effect: 'Allow' as const,
            Action: oneOrAll(otherActions),
            Resource: '*',
          },
        ]),
  ])
}
