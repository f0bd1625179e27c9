/** Which key of an account is copied, what counts as a copy, and who holds how much weight. @module */

import type { FlowPublicKey } from '../../authorizer/bound-account.ts'
import {
  type HashAlgorithm,
  isHashAlgorithm,
  isSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../../crypto/algorithms.ts'
import { SignerError } from '../../errors.ts'
import type { Account, AccountKey } from '../../flow/accounts.ts'
import { invalid } from '../../options.ts'
import { reportKeys } from '../accounts/held-keys.ts'

/** A key that signs, of which copies are made. */
export type OriginalKey = {
  readonly index: number
  /** 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
}

/**
 * @param publicKeys - Of the signers.
 * @param wanted - An index, or a public key in lower case of which the heaviest key is taken.
 * @throws {SignerError} `INVALID_OPTION`, `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`, `KEY_NOT_HELD`.
 */
export function originalKey(
  account: Account,
  publicKeys: readonly FlowPublicKey[],
  wanted: number | string,
): OriginalKey {
  const { address } = account
  const [found] = reportKeys(account, publicKeys)
    .filter(({ index, publicKey }) => index === wanted || publicKey === wanted)
    .sort((a, b) => Number(a.revoked) - Number(b.revoked) || b.weight - a.weight)
  if (found === undefined)
    throw typeof wanted === 'number'
      ? new SignerError('KEY_INDEX_UNKNOWN', { address, keyIndex: wanted })
      : invalid('publicKey', 'the account has no such key')
  const { index, publicKey, signatureAlgorithm, hashAlgorithm, canSign, revoked } = found
  if (!canSign || !isSignatureAlgorithm(signatureAlgorithm) || !isHashAlgorithm(hashAlgorithm))
    throw new SignerError(revoked ? 'KEY_REVOKED' : 'KEY_NOT_HELD', { address, keyIndex: index })
  return { index, publicKey, signatureAlgorithm, hashAlgorithm }
}

/** Whether a signature of the original is one of this key too, and the key weighs nothing. */
export function isCopyOf(original: OriginalKey, key: AccountKey): boolean {
  const { publicKey, signatureAlgorithm, hashAlgorithm, weight, revoked } = key
  return (
    publicKey === original.publicKey &&
    signatureAlgorithm === original.signatureAlgorithm &&
    hashAlgorithm === original.hashAlgorithm &&
    weight === 0 &&
    !revoked
  )
}

/**
 * Who sees two keys of 500 expects two holders. A pool made at the weight of its key looks so.
 *
 * @throws {SignerError} `INVALID_WEIGHT` when two keys with the same public key carry weight.
 */
export function assertWeightedOnce({ keys }: Account): void {
  const weighted = keys.filter(({ weight, revoked }) => weight > 0 && !revoked)
  for (const { publicKey, signatureAlgorithm } of weighted) {
    const same = weighted.filter(
      (key) => key.publicKey === publicKey && key.signatureAlgorithm === signatureAlgorithm,
    )
    if (same.length < 2) continue
    const indexes = same.map(({ index }) => index)
    const more = indexes.length > 20 ? ` and ${indexes.length - 20} more` : ''
    throw new SignerError('INVALID_WEIGHT', {
      weight: same
        .map(({ weight }) => weight)
        .slice(0, 20)
        .join(' + '),
      reason:
        `the keys of index ${indexes.slice(0, 20).join(', ')}${more} have the same public key,` +
        ' and only one of them may carry weight: revoke the others first',
    })
  }
}

/** @returns The same text for two states of an account in which everybody holds the same weight. */
export function weightsOf({ keys }: Account): string {
  const weights = new Map<string, number>()
  for (const { signatureAlgorithm, publicKey, weight, revoked } of keys) {
    if (weight === 0 || revoked) continue
    const holder = `${signatureAlgorithm}:${publicKey}`
    weights.set(holder, (weights.get(holder) ?? 0) + weight)
  }
  return JSON.stringify([...weights].sort(([a], [b]) => (a < b ? -1 : 1)))
}
