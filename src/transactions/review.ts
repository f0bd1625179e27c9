/** A transaction, as far as it is signed, against the chain. @module */

import { signerAddresses, type Transaction, transactionId } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import { type Account, readAccount, readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import { type Expiry, readExpiry } from './expiry.ts'
import { type Party, partiesOf } from './parties.ts'
import { verifySignatures } from './verify-signatures.ts'

/** What is certain of a transaction: its signatures verified, its parties counted. */
export type Review = {
  readonly transaction: Transaction
  /** It covers the signatures, so that it is final when all have signed. 64 lower-case digits. */
  readonly transactionId: string
  /** Whether nothing is missing. */
  readonly ready: boolean
  /** Proposer, payer, authorizers, each account once. */
  readonly parties: readonly Party[]
  /** Accounts whose turn it is: all that are missing in the payload, and then the payer. */
  readonly next: readonly string[]
  readonly expiry: Expiry
  /** What the proposal key has on the chain now. Another one than in the transaction: it is of no use. */
  readonly sequenceNumber: bigint
}

type Options = { readonly signal?: AbortSignal | undefined }

/**
 * Reads accounts, the proposal key and the reference block once each, and verifies every signature.
 *
 * @throws {SignerError} `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`, `SIGNATURE_REFUSED`,
 * `REFERENCE_BLOCK_UNKNOWN`, `ACCOUNT_NOT_FOUND`, `CHAIN_MISMATCH`, the `ACCESS_NODE_…` codes.
 */
export async function readReview(
  node: NodeConnection,
  transaction: Transaction,
  options: Options = {},
): Promise<Review> {
  const { address, keyIndex } = transaction.proposalKey
  const [accounts, expiry, { sequenceNumber }] = await Promise.all([
    readAccounts(node, transaction, options),
    readExpiry(node, transaction, options),
    readAccountKey(node, address, keyIndex, options),
  ])
  return reviewOf(transaction, accounts, { expiry, sequenceNumber })
}

/** @returns By their addresses, normalised. */
export async function readAccounts(
  node: NodeConnection,
  transaction: Transaction,
  options: Options = {},
): Promise<ReadonlyMap<string, Account>> {
  const addresses = signerAddresses(transaction)
  const accounts = await Promise.all(addresses.map((one) => readAccount(node, one, options)))
  return new Map(accounts.map((account) => [account.address, account]))
}

/** @throws {SignerError} Those of `verifySignatures`. */
export function reviewOf(
  transaction: Transaction,
  accounts: ReadonlyMap<string, Account>,
  facts: Pick<Review, 'expiry' | 'sequenceNumber'>,
): Review {
  verifySignatures(transaction, accounts)
  const parties = partiesOf(transaction, accounts)
  const waiting = parties.filter(({ complete }) => !complete)
  const first = waiting.filter(({ part }) => part === 'payload')
  return Object.freeze({
    transaction,
    transactionId: transactionId(transaction),
    ready: waiting.length === 0,
    parties,
    next: (first.length > 0 ? first : waiting).map(({ address }) => address),
    ...facts,
  })
}

/**
 * @param executedAs - What is known of who used it.
 * @throws {SignerError} `SEQUENCE_NUMBER_MISMATCH` when it is not the one that the key has now.
 */
export function assertNumberIsDue(
  { proposalKey }: Transaction,
  onChain: bigint,
  executedAs = 'not known',
): void {
  const { address, keyIndex, sequenceNumber } = proposalKey
  if (sequenceNumber === onChain) return
  throw new SignerError('SEQUENCE_NUMBER_MISMATCH', {
    address,
    keyIndex,
    given: String(sequenceNumber),
    onChain: String(onChain),
    executedAs,
  })
}
