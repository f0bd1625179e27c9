/** IAM policies with no more than a role needs on its keys. @module */

import { assertKnownKeys, invalid } from '../../options.ts'
import {
  assertDescribe,
  checkedKeyArns,
  digestOnly,
  oneOrAll,
  type PolicyDocument,
  policyDocument,
} from './policy-document.ts'

/** Options of `signingPolicy`. */
export type SigningPolicyOptions = {
  /** At least one, of any partition; no aliases, no wildcards. */
  readonly keyArns: readonly string[]
  /** Also allow `kms:DescribeKey`, without which `diagnose` warns. Signing does not need it. */
  readonly describe?: boolean
}

/** Characters, white space not counted. */
const MAX_POLICY_LENGTH = 6_144

/**
 * The IAM policy of a role that signs: `kms:Sign` of a digest with `ECDSA_SHA_256`, and
 * `kms:GetPublicKey`, on these keys and nothing else.
 *
 * It takes nothing away: another policy of the role may allow more, and who may administer the key
 * may sign. `keyPolicy` closes both ways.
 *
 * @returns Frozen plain data.
 * @throws {SignerError} `INVALID_OPTION`, also for more keys than one managed policy can hold;
 * `INVALID_KEY_ID` for anything but a key ARN.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html for its length
 */
export function signingPolicy(options: SigningPolicyOptions): PolicyDocument {
  assertKnownKeys(options, ['keyArns', 'describe'])
  const { keyArns, describe = false } = options
  assertDescribe(describe)
  const Resource = oneOrAll(checkedKeyArns(keyArns))
  return ofLength([
    {
      Sid: 'SignForFlow',
      Effect: 'Allow',
      Action: 'kms:Sign',
      Resource,
      Condition: { StringEquals: digestOnly },
    },
    {
      Sid: 'ReadThePublicKey',
      Effect: 'Allow',
      Action: oneOrAll(['kms:GetPublicKey', ...(describe ? ['kms:DescribeKey'] : [])]),
      Resource,
    },
  ])
}

/**
 * The IAM policy of the person who creates accounts and runs `diagnose`: to read what a key is, and
 * to note accounts in its tags. It allows no signature. Under a key policy of `keyPolicy` it has no
 * effect: there the administrator does this.
 *
 * @returns Frozen plain data.
 * @throws {SignerError} As `signingPolicy`.
 */
export function inspectionPolicy(options: { readonly keyArns: readonly string[] }): PolicyDocument {
  assertKnownKeys(options, ['keyArns'])
  return ofLength([
    {
      Sid: 'ExamineAndTag',
      Effect: 'Allow',
      Action: ['kms:DescribeKey', 'kms:TagResource', 'kms:ListResourceTags'],
      Resource: oneOrAll(checkedKeyArns(options.keyArns)),
    },
  ])
}

function ofLength(statements: PolicyDocument['Statement']): PolicyDocument {
  const document = policyDocument(statements)
  if (JSON.stringify(document).length > MAX_POLICY_LENGTH)
    throw invalid('keyArns', `a policy of them has more than ${MAX_POLICY_LENGTH} characters`)
  return document
}
