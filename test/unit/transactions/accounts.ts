/** Accounts as a node tells them, with keys of this process. @module */
import { bytesToHex } from '../../../src/crypto/hex.ts'
import type { Account, AccountKey } from '../../../src/flow/accounts.ts'
import type { Signer } from '../../../src/index.ts'

export const accountOf = (address: string, keys: readonly Partial<AccountKey>[]): Account => ({
  address,
  balance: 0n,
  keys: keys.map((key, index) => ({
    index,
    publicKey: '00'.repeat(64),
    signatureAlgorithm: 'ECDSA_P256',
    hashAlgorithm: 'SHA3_256',
    weight: 1000,
    sequenceNumber: 0n,
    revoked: false,
    ...key,
  })),
})

export const accountsOf = (...accounts: readonly Account[]): ReadonlyMap<string, Account> =>
  new Map(accounts.map((account) => [account.address, account]))

/** The fields of an account key that a signer holds. */
export async function keyOf(signer: Signer): Promise<Partial<AccountKey>> {
  const { bytes, algorithm } = await signer.publicKey()
  return { publicKey: bytesToHex(bytes), signatureAlgorithm: algorithm }
}
