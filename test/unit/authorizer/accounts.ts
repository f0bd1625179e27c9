/** Bound accounts by hand. @module */
import type { BoundAccount, BoundKey } from '../../../src/authorizer/bound-account.ts'
import type { AccountKey } from '../../../src/flow/accounts.ts'
import type { Signer } from '../../../src/signers/signer.ts'

/** One key on an account: held unless it says otherwise. */
export type KeyPlan = {
  readonly weight: number
  readonly held?: boolean
  readonly revoked?: boolean
  /** Keys with the same text are copies of one public key. */
  readonly material?: string
}

const signer: Signer = {
  id: 'unused',
  publicKey: () => Promise.reject(new Error('a choice of keys asks no signer')),
  sign: () => Promise.reject(new Error('a choice of keys asks no signer')),
}
export const address = '0x0102030405060708'

/** @param plans - In the order of the key indexes. */
export function accountOf(plans: readonly KeyPlan[]): BoundAccount {
  const keys: AccountKey[] = plans.map(({ weight, revoked = false, material }, index) => ({
    index,
    publicKey: material ?? `key ${index}`,
    signatureAlgorithm: 'ECDSA_P256',
    hashAlgorithm: 'SHA3_256',
    weight,
    sequenceNumber: 0n,
    revoked,
  }))
  const held = new Map<number, BoundKey>()
  for (const { index, publicKey, weight, revoked } of keys)
    if (!revoked && (plans[index]?.held ?? true))
      held.set(index, {
        address,
        keyIndex: index,
        weight,
        hashAlgorithm: 'SHA3_256',
        signatureAlgorithm: 'ECDSA_P256',
        publicKey,
        signers: [signer],
      })
  return { complete: true, address, keys, held }
}
