/** Whether keys of ours were revoked in favour of one that nobody here holds. @module */

import type { AccountKey } from '../flow/accounts.ts'

/** Keys that were rotated away from the signers here. */
export type Rotated = {
  /** Of the revoked keys that had weight. */
  readonly keyIndexes: readonly number[]
  /** 128 digits each: all their keys on the account are revoked, copies too. */
  readonly publicKeys: ReadonlySet<string>
}

/**
 * A rotation adds the new key after the old one, at its weight, and revokes the old one with its copies.
 * So a public key of ours is rotated away when all its keys are revoked, one of them had the weight of
 * the newest key with weight, and that one came later and is not ours.
 *
 * @param keys - All on chain.
 * @param isOurs - Whether a signer has the same public key and curve, revoked or not.
 */
export function findRotated(
  keys: readonly AccountKey[],
  isOurs: (key: AccountKey) => boolean,
): Rotated | undefined {
  const weighted = keys.filter(({ weight, revoked }) => weight > 0 && !revoked)
  const newest = weighted.reduce<AccountKey | undefined>(
    (last, key) => (last === undefined || key.index > last.index ? key : last),
    undefined,
  )
  if (newest === undefined || isOurs(newest)) return undefined
  const alive = new Set(keys.filter(({ revoked }) => !revoked).map(nameOf))
  const gone = keys.filter(
    (key) =>
      key.revoked &&
      key.weight === newest.weight &&
      key.index < newest.index &&
      !alive.has(nameOf(key)) &&
      isOurs(key),
  )
  if (gone.length === 0) return undefined
  return {
    keyIndexes: gone.map(({ index }) => index),
    publicKeys: new Set(gone.map(({ publicKey }) => publicKey)),
  }
}

/** One public key may be on the account under several indexes, never under two curves. */
const nameOf = ({ publicKey, signatureAlgorithm }: AccountKey) =>
  `${publicKey} ${signatureAlgorithm}`
