/** An alias, from the old key to the new one. @module */

import { SignerError } from '../../../errors.ts'
import { parseKmsKeyId } from '../../../kms-key-id.ts'
import { invalid } from '../../../options.ts'
import { describeAwsKmsKey } from '../../../signers/aws-kms/describe-key.ts'
import { type KmsSession, kmsOptions } from '../../keys/kms-session.ts'
import type { RetirementNote } from '../types.ts'

/**
 * Needs `kms:DescribeKey`, and `kms:UpdateAlias` on the alias and both keys. Signers that run have pinned
 * their key and notice nothing; those that start take the new one, so the chain comes first.
 *
 * @throws {SignerError} `INVALID_OPTION` when the new key can have no such alias, `ALIAS_FOREIGN` when it names a third key; `KEY_NOT_FOUND` when it names none;
 * the `KMS_…` codes.
 */
export async function moveAlias(
  kms: KmsSession,
  move: { readonly alias: string; readonly oldArn: string; readonly newReference: string },
): Promise<RetirementNote> {
  const { alias, oldArn, newReference } = move
  const newArn = regionalArn(newReference, oldArn)
  // Were it left, the old key would be disabled while those who sign by its alias know no other.
  if (newArn === undefined)
    throw invalid(
      'alias',
      'it names KMS keys of its own Region and account, and the new key is none by its ARN: leave the alias out',
    )
  const { keyArn } = await describeAwsKmsKey({ ...kmsOptions(kms), keyId: alias })
  if (keyArn === newArn)
    return Object.freeze({ done: true, text: `${alias} named ${newArn} already.` })
  if (keyArn !== oldArn) throw new SignerError('ALIAS_FOREIGN', { alias, keyArn })
  const input = { AliasName: alias, TargetKeyId: newArn }
  const target = { keyId: alias, operation: 'UpdateAlias' }
  await kms.call(target, () => new kms.sdk.UpdateAliasCommand(input))
  const text = `${alias} names ${newArn}; aliases of other Regions are not moved by it.`
  return Object.freeze({ done: true, text })
}

/** @returns The ARN, when it is one of the same Region and account as the old key. */
function regionalArn(reference: string, oldArn: string): string | undefined {
  return isKmsReference(reference) && placeOf(reference) === placeOf(oldArn) ? reference : undefined
}

/** Partition, Region and account. */
export const placeOf = (keyArn: string): string => keyArn.split(':').slice(0, 5).join(':')

/** Whether a vault's reference is the ARN of a KMS key: others have other names. */
export function isKmsReference(reference: string): boolean {
  try {
    return parseKmsKeyId(reference).keyArn !== undefined
  } catch {
    return false
  }
}
