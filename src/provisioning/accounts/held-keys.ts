/** The keys of an account, each with the signer that holds it: by public key, never by position. @module */

import type { FlowPublicKey } from '../../authorizer/bound-account.ts'
import { isHashAlgorithm } from '../../crypto/algorithms.ts'
import type { Account, AccountKey } from '../../flow/accounts.ts'

/** A key on chain and the id of the signer that holds it. */
export type AccountKeyReport = AccountKey & {
  /** Absent when none of the signers holds it. */
  readonly heldBy?: string
  /** Held, not revoked, and of algorithms that authorise transactions. */
  readonly canSign: boolean
}

/** @param publicKeys - Of the signers. The first that holds a key is named. */
export function reportKeys(
  account: Account,
  publicKeys: readonly FlowPublicKey[],
): readonly AccountKeyReport[] {
  return account.keys.map((key) => {
    const holder = publicKeys.find(
      ({ publicKey, signatureAlgorithm }) =>
        publicKey === key.publicKey && signatureAlgorithm === key.signatureAlgorithm,
    )
    if (holder === undefined) return { ...key, canSign: false }
    const usable = isHashAlgorithm(key.hashAlgorithm) && !key.revoked
    return { ...key, heldBy: holder.signerId, canSign: usable }
  })
}

/** @returns The weight of all keys that can sign. */
export function weightOf(keys: readonly AccountKeyReport[]): number {
  return keys.reduce((sum, { canSign, weight }) => sum + (canSign ? weight : 0), 0)
}
