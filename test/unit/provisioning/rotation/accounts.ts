/** Accounts as the access node tells them, in the shapes that a rotation meets. @module */

import type { Account, AccountKey } from '../../../../src/flow/accounts.ts'

/** The public key of a holder, which no curve has. */
export const publicKeyOf = (holder: string): string => holder.repeat(128).slice(0, 128)

/** A key that signs, of holder `a` (to `f`). */
export const key = (holder: string, more: Partial<AccountKey> = {}): Omit<AccountKey, 'index'> => ({
  publicKey: publicKeyOf(holder),
  signatureAlgorithm: 'ECDSA_P256',
  hashAlgorithm: 'SHA3_256',
  weight: 0,
  sequenceNumber: 0n,
  revoked: false,
  ...more,
})

/** Keys get their indexes by their places. */
export const account = (...keys: readonly Omit<AccountKey, 'index'>[]): Account => ({
  address: '0x01cf0e2f2f715450',
  balance: 0n,
  keys: keys.map((one, index) => ({ ...one, index })),
})
