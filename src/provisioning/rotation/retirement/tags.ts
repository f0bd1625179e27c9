/** The tags that say which account a key is on: to the new key, and off the old one. @module */

import { normalizeAddress } from '../../../crypto/address.ts'
import { isSignerError } from '../../../errors.ts'
import { accountTag, listTags, readAccountTags, writeTag } from '../../keys/account-tags.ts'
import type { KmsSession } from '../../keys/kms-session.ts'
import type { AccountFacts, RetirementNote } from '../types.ts'
import { type Accounts, accountThatHas } from './account-uses.ts'
import { isKmsReference, placeOf } from './alias.ts'
import { isPending, readPublicKey, readState } from './own-key.ts'

/**
 * Needs `kms:TagResource`.
 *
 * @param facts - Of which the reference is the ARN of a key that this session reaches.
 * @throws {SignerError} The `KMS_…` codes of passing faults.
 */
export const tagNewKey = (kms: KmsSession, facts: AccountFacts): Promise<RetirementNote> =>
  tolerant('The new key was not tagged', async () => {
    const { newReference, chainId, address, newKeys } = facts
    await writeTag(kms, newReference, accountTag(chainId, address, newKeys))
    return { done: true, text: `The new key is tagged with ${normalizeAddress(address)}.` }
  })

/** The old key. */
type Old = {
  readonly keyArn: string
  readonly publicKey: string | undefined
  readonly accounts: Accounts
}

/**
 * Needs `kms:TagResource` on the new key; `kms:ListResourceTags`, `kms:GetPublicKey` and
 * `kms:UntagResource` on the old one. A tag is a hint: what KMS denies is told, and stops nothing.
 *
 * @throws {SignerError} `CHAIN_MISMATCH`, the `ACCESS_NODE_…` codes, the `KMS_…` codes of passing faults.
 */
export async function moveAccountTag(
  kms: KmsSession,
  old: Old,
  facts: AccountFacts,
): Promise<RetirementNote> {
  const parts = [
    ...(facts.newKeyTagged === true ? [] : [await tagFrom(kms, old, facts)]),
    await tolerant('The tag of the old key was left', () => untagOldKey(kms, old, facts)),
  ]
  return Object.freeze({
    done: parts.every(({ done }) => done),
    text: parts.map(({ text }) => text).join(' '),
  })
}

async function tagFrom(
  kms: KmsSession,
  { keyArn }: Old,
  facts: AccountFacts,
): Promise<RetirementNote> {
  const { newReference } = facts
  if (!isKmsReference(newReference))
    return { done: true, text: 'The new key is not named by the ARN of a KMS key, and not tagged.' }
  if (placeOf(newReference) === placeOf(keyArn)) return tagNewKey(kms, facts)
  const text = 'The new key was not tagged: it is of another Region or account than the old one.'
  return { done: false, text }
}

async function untagOldKey(
  kms: KmsSession,
  { keyArn, publicKey, accounts }: Old,
  { chainId, address }: AccountFacts,
): Promise<RetirementNote> {
  const { TagKey } = accountTag(chainId, address, [])
  const found = await readState(kms, keyArn)
  if (found.state === 'gone' || isPending(found.state))
    return { done: true, text: 'The old key waits for its deletion with its tags.' }
  const tags = await listTags(kms, keyArn)
  if (!Object.hasOwn(tags, TagKey))
    return { done: true, text: 'The old key has no tag of this account.' }
  const key = await readPublicKey(kms, keyArn, found, publicKey)
  if (key === undefined)
    return { done: false, text: 'The tag of the old key was left: its public key is not told.' }
  const here = { ...accounts, chainId, addresses: [address].map(normalizeAddress) }
  const tagged = readAccountTags({ [TagKey]: tags[TagKey] ?? '' })
  const reason = await accountThatHas(here, { key, tagged, signal: kms.signal })
  if (reason !== undefined)
    return { done: false, text: `The tag of the old key was left: ${reason}.` }
  const target = { keyId: keyArn, operation: 'UntagResource' }
  const input = { KeyId: keyArn, TagKeys: [TagKey] }
  await kms.call(target, () => new kms.sdk.UntagResourceCommand(input))
  return { done: true, text: 'The old key is not tagged with it any more.' }
}

/** What stops nothing. */
const DENIALS: ReadonlySet<string> = new Set([
  ...['KMS_ACCESS_DENIED', 'KMS_REQUEST_INVALID', 'KEY_STATE_INVALID', 'KEY_NOT_FOUND'],
])

async function tolerant(what: string, run: () => Promise<RetirementNote>): Promise<RetirementNote> {
  try {
    return await run()
  } catch (thrown) {
    if (!isSignerError(thrown) || !DENIALS.has(thrown.code)) throw thrown
    return { done: false, text: `${what}: ${thrown.message}` }
  }
}
