/** The keys of an account, each with the signer that holds it: by public key, never by position. @module */

import type { BoundAccount, BoundKey, FlowPublicKey } from '../authorizer/bound-account.ts'
import { isHashAlgorithm, isSignatureAlgorithm } from '../crypto/algorithms.ts'
import type { Account, AccountKey } from '../flow/accounts.ts'

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

/** The form in which keys are chosen. It names no signers: it serves to choose, not to sign. */
export function boundForChoice(
  { address, keys }: Account,
  reports: readonly AccountKeyReport[],
): BoundAccount {
  const held = new Map<number, BoundKey>()
  for (const { index, weight, hashAlgorithm, signatureAlgorithm, publicKey, canSign } of reports)
    if (canSign && isHashAlgorithm(hashAlgorithm) && isSignatureAlgorithm(signatureAlgorithm))
      held.set(index, {
        address,
        keyIndex: index,
        weight,
        hashAlgorithm,
        signatureAlgorithm,
        publicKey,
        signers: [],
      })
  return { address, keys, held }
}
