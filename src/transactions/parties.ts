/** Which accounts must sign a transaction, and how far they have come. @module */

import type { SignedPart } from '../authorizer/voucher.ts'
import { REQUIRED_WEIGHT } from '../crypto/account-key-rlp.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { isHashAlgorithm, isSignatureAlgorithm } from '../crypto/algorithms.ts'
import {
  signerAddresses,
  type Transaction,
  type TransactionSignature,
} from '../crypto/transaction.ts'
import type { Account, AccountKey } from '../flow/accounts.ts'
import { partOf } from './signed-part.ts'

/** What an account is in a transaction. */
export type Role = 'proposer' | 'payer' | 'authorizer'

/** A key of a party, as the chain tells it. */
export type PartyKey = Pick<
  AccountKey,
  'publicKey' | 'signatureAlgorithm' | 'hashAlgorithm' | 'weight'
> & {
  readonly keyIndex: number
}

/** One account that must sign. */
export type Party = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  readonly roles: readonly Role[]
  /** Which message it signs. */
  readonly part: SignedPart
  /** Of the signatures that count for it. */
  readonly weight: number
  /** 1,000; 0 for an account that only proposes, where the one proposal key has to sign. */
  readonly required: number
  /** The proposal key, when it is one of this account. */
  readonly proposalKey?: { readonly keyIndex: number; readonly signed: boolean }
  /** Keys that have signed. */
  readonly signed: readonly PartyKey[]
  /** Keys that can still sign: not revoked, and with weight or the proposal key. */
  readonly unsigned: readonly PartyKey[]
  /** Whether nothing of this account is missing. */
  readonly complete: boolean
}

/**
 * Counts as the chain does: of the payer only signatures of the envelope, of an authorizer only those of
 * the payload, and the proposal key wherever it signs.
 *
 * @param transaction - Its signatures verified.
 * @param accounts - All that sign it.
 * @see flow-go fvm/transactionVerifier.go
 */
export function partiesOf(
  transaction: Transaction,
  accounts: ReadonlyMap<string, Account>,
): readonly Party[] {
  return signerAddresses(transaction).map((address) =>
    partyOf(transaction, address, accounts.get(address)?.keys ?? []),
  )
}

function partyOf(transaction: Transaction, address: string, keys: readonly AccountKey[]): Party {
  const { proposalKey, payer, authorizers, payloadSignatures, envelopeSignatures } = transaction
  const is = (other: string) => normalizeAddress(other) === address
  const roles: readonly Role[] = [
    ...(is(proposalKey.address) ? (['proposer'] as const) : []),
    ...(is(payer) ? (['payer'] as const) : []),
    ...(authorizers.some(is) ? (['authorizer'] as const) : []),
  ]
  const part = partOf(transaction, address)
  const signedIn = (entries: readonly TransactionSignature[]) => {
    const indexes = new Set(entries.flatMap((one) => (is(one.address) ? [one.keyIndex] : [])))
    return keys.filter(({ index }) => indexes.has(index))
  }
  const counted = signedIn(part === 'envelope' ? envelopeSignatures : payloadSignatures)
  const signed = signedIn([...payloadSignatures, ...envelopeSignatures])
  const weight = counted.reduce((sum, key) => sum + key.weight, 0)
  const required = is(payer) || authorizers.some(is) ? REQUIRED_WEIGHT : 0
  const proposes = is(proposalKey.address)
  const proposed = signed.some(({ index }) => index === proposalKey.keyIndex)
  const unsigned = keys.filter(
    (key) =>
      !signed.includes(key) &&
      canSign(key) &&
      ((key.weight > 0 && required > 0) || (proposes && key.index === proposalKey.keyIndex)),
  )
  return {
    address,
    roles,
    part,
    weight,
    required,
    ...(proposes ? { proposalKey: { keyIndex: proposalKey.keyIndex, signed: proposed } } : {}),
    signed: signed.map(partyKey),
    unsigned: unsigned.map(partyKey),
    complete: weight >= required && (proposed || !proposes),
  }
}

const canSign = ({ revoked, hashAlgorithm, signatureAlgorithm }: AccountKey) =>
  !revoked && isHashAlgorithm(hashAlgorithm) && isSignatureAlgorithm(signatureAlgorithm)

const partyKey = ({ index, sequenceNumber: _, revoked: __, ...key }: AccountKey): PartyKey => ({
  keyIndex: index,
  ...key,
})

/** @returns For people, for example `0x01 500 of 1000`; empty when nothing is missing. */
export function missingOf(parties: readonly Party[]): string {
  return parties
    .filter(({ complete }) => !complete)
    .map(({ address, roles, weight, required, proposalKey }) => {
      const parts = [
        ...(weight < required ? [`weight ${weight} of ${required}`] : []),
        ...(proposalKey?.signed === false ? [`proposal key ${proposalKey.keyIndex}`] : []),
      ]
      return `${address} (${roles.join(', ')}): ${parts.join(', ')}`
    })
    .join('; ')
}
