/** The signatures of all parties, verified and put together. @module */

import type { Transaction, TransactionSignature } from '../crypto/transaction.ts'
import { assertKnownKeys, assertSignal } from '../options.ts'
import { mergeTransactions } from './merge.ts'
import { type ChainOptions, invalid, openChain } from './options.ts'
import { type Review, readReview } from './review.ts'

/** Options of `approveTransaction`. */
export type ApproveOptions = ChainOptions & {
  /** What its initiator prepared: the one that counts. */
  readonly transaction: Transaction
  /** The same, as it came back from the parties. Default none. */
  readonly signed?: readonly Transaction[]
  /** Signatures that came back alone. Default none. */
  readonly signatures?: readonly TransactionSignature[]
}

/**
 * Believes nothing but the chain: every payload must be the one prepared, byte for byte, and every
 * signature must verify against a key that the account has, over the message computed here. Sends
 * nothing, and asks no signer.
 *
 * @returns The transaction with all signatures, the weight that is there, and who is missing.
 * @throws {SignerError} `PAYLOAD_MISMATCH`, `SIGNATURE_REFUSED`, `KEY_INDEX_UNKNOWN`, `KEY_REVOKED`,
 * `MALFORMED_TRANSACTION`, `REFERENCE_BLOCK_UNKNOWN`, `ACCOUNT_NOT_FOUND`, `CHAIN_MISMATCH`,
 * `INVALID_OPTION`, the `ACCESS_NODE_…` codes.
 */
export async function approveTransaction(options: ApproveOptions): Promise<Review> {
  assertKnownKeys(options, optionNames)
  const { transaction, signed = [], signatures = [], signal } = options
  assertSignal(signal)
  for (const [option, value] of Object.entries({ signed, signatures }))
    if (!Array.isArray(value)) throw invalid(option, 'it is not a list')
  const merged = mergeTransactions(transaction, signed, signatures)
  const node = await openChain(options)
  return readReview(node, merged, { signal })
}

const optionNames: readonly (keyof ApproveOptions)[] = [
  'accessNode',
  'chainId',
  'signal',
  'transaction',
  'signed',
  'signatures',
]
