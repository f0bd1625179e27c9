/** The KMS key that was made for a rotation, found by its tag. @module */

import { isSignerError, SignerError } from '../../../errors.ts'
import { describeAwsKmsKey } from '../../../signers/aws-kms/describe-key.ts'
import { listTags } from '../../keys/account-tags.ts'
import { type KmsSession, kmsOptions } from '../../keys/kms-session.ts'
import { ROTATION_TAG } from './rotation-id.ts'

/** Keys of an account and Region that are looked through. */
const MAX_KEYS = 1_000
const PAGE = 500
/** KMS allows 10 calls of ListResourceTags a second. */
const AT_ONCE = 4

/** What to look for, and how sure to be. */
export type Search = {
  readonly id: string
  readonly spec: string
  /** Whether keys of which the tags are denied may be passed over. */
  readonly passOver: boolean
}

/**
 * Needs `kms:ListKeys`, and `kms:ListResourceTags` and `kms:DescribeKey` on the keys of this account
 * and Region, of which there may be 1,000.
 *
 * @returns The ARN of the key with the tag; `undefined` where there surely is none.
 * @throws {SignerError} `KEY_CREATION_UNCERTAIN` where that cannot be told; the `KMS_…` codes.
 */
export async function findTaggedKey(kms: KmsSession, search: Search): Promise<string | undefined> {
  const { id, passOver } = search
  const uncertain = (reason: string) => new SignerError('KEY_CREATION_UNCERTAIN', { id, reason })
  const keyArns = await listKeys(kms, uncertain)
  const found: string[] = []
  const denied: string[] = []
  const left = keyArns.values()
  const look = async () => {
    for (const keyArn of left) {
      const answer = await tagOf(kms, keyArn)
      if (answer.tag === id) found.push(keyArn)
      if (answer.isDenied && !(await isAnother(kms, keyArn, search.spec))) denied.push(keyArn)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, look))
  const [keyArn, second] = found.sort()
  if (second !== undefined)
    throw uncertain(`${found.length} keys have its tag: take it off all but one of ${found}`)
  if (keyArn !== undefined) return usable(kms, keyArn, search.spec, uncertain)
  if (denied.length === 0 || passOver) return undefined
  throw uncertain(
    `the tags of ${denied.length} keys are denied, such as ${denied.sort()[0]}: allow kms:ListResourceTags on them, or pass over keys of others by unreadable: 'pass-over'`,
  )
}

async function listKeys(
  kms: KmsSession,
  uncertain: (reason: string) => SignerError,
): Promise<readonly string[]> {
  const keyArns: string[] = []
  let marker: string | undefined
  do {
    const input = { Limit: PAGE, ...(marker === undefined ? {} : { Marker: marker }) }
    const target = { keyId: 'all keys', operation: 'ListKeys' }
    const page = await kms
      .call(target, () => new kms.sdk.ListKeysCommand(input))
      .catch((thrown: unknown) => {
        if (!isSignerError(thrown, 'KMS_ACCESS_DENIED')) throw thrown
        throw uncertain('the list of keys is denied: allow kms:ListKeys on all resources')
      })
    for (const { KeyArn } of page.Keys ?? []) if (KeyArn !== undefined) keyArns.push(KeyArn)
    const { NextMarker, Truncated } = page
    if (Truncated === true && (NextMarker === undefined || NextMarker === marker))
      throw uncertain('KMS gave the same page of keys twice: run it again')
    marker = Truncated === true ? NextMarker : undefined
    if (keyArns.length > MAX_KEYS || (marker !== undefined && keyArns.length === MAX_KEYS))
      throw uncertain(
        `there are more than ${MAX_KEYS} keys in this Region, so that not all can be asked: make the key yourself and give its signer`,
      )
  } while (marker !== undefined)
  return keyArns
}

async function tagOf(
  kms: KmsSession,
  keyArn: string,
): Promise<{ readonly tag?: string | undefined; readonly isDenied: boolean }> {
  try {
    return { tag: (await listTags(kms, keyArn))[ROTATION_TAG], isDenied: false }
  } catch (thrown) {
    // A key that was deleted since it was listed is none of ours.
    if (isSignerError(thrown, 'KEY_NOT_FOUND')) return { isDenied: false }
    if (isSignerError(thrown, 'KMS_ACCESS_DENIED')) return { isDenied: true }
    throw thrown
  }
}

/** Whether a key that keeps its tags to itself is none that a vault makes. */
async function isAnother(kms: KmsSession, keyId: string, spec: string): Promise<boolean> {
  try {
    const { keySpec, keyUsage } = await describeAwsKmsKey({ ...kmsOptions(kms), keyId })
    return keySpec !== spec || keyUsage !== 'SIGN_VERIFY'
  } catch (thrown) {
    if (isSignerError(thrown, 'KEY_NOT_FOUND')) return true
    if (isSignerError(thrown, 'KMS_ACCESS_DENIED')) return false
    throw thrown
  }
}

async function usable(
  kms: KmsSession,
  keyArn: string,
  spec: string,
  uncertain: (reason: string) => SignerError,
): Promise<string> {
  const found = await describeAwsKmsKey({ ...kmsOptions(kms), keyId: keyArn })
  const { keySpec, unusable } = found
  const reason = unusable ?? (keySpec === spec ? undefined : `its spec is ${keySpec}, not ${spec}`)
  if (reason === undefined) return keyArn
  throw uncertain(`${keyArn} has its tag, but ${reason}: mend that, or take the tag off`)
}
