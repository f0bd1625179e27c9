/** The run that this process holds in a book: every step of it fails once another has taken it over. @module */

import { hexToBytes } from '../../crypto/hex.ts'
import { type Transaction, transactionId } from '../../crypto/transaction.ts'
import { decodeTransaction } from '../../crypto/transaction-decoding.ts'
import { SignerError } from '../../errors.ts'
import type { WalletBatch, WalletBook } from './book.ts'

/** A run, taken over. */
export type HeldRun = {
  /** What the run before has left behind, if anything. */
  readonly stored: WalletBatch | undefined
  /** Keeps what is about to be sent; `undefined` once its outcome is known. */
  readonly keep: (batch: WalletBatch | undefined) => Promise<void>
}

/**
 * @throws {SignerError} `CHAIN_MISMATCH` for a book of another chain; `WALLETS_TAKEN`, then and from each
 * step, when another run has taken it over; the codes of the book.
 */
export async function takeRun(
  book: WalletBook,
  chainId: string,
  signal: AbortSignal | undefined,
): Promise<HeldRun> {
  const options = signal === undefined ? {} : { signal }
  const found = await book.readRun(options)
  if (found !== undefined && found.chainId !== chainId)
    throw new SignerError('CHAIN_MISMATCH', { expected: found.chainId, actual: chainId })
  let revision = found?.revision ?? 0

  async function advance(batch: WalletBatch | undefined): Promise<void> {
    const run = { revision: revision + 1, chainId, ...(batch === undefined ? {} : { batch }) }
    if (!(await book.replaceRun(run, revision, options)))
      throw new SignerError('WALLETS_TAKEN', { revision })
    revision = run.revision
  }
  await advance(found?.batch)
  return { stored: found?.batch, keep: advance }
}

/** @throws {SignerError} `WALLET_RECORD_INVALID` unless the bytes are those of the id. */
export function transactionOf(batch: WalletBatch): Transaction {
  const invalid = (cause?: unknown) =>
    new SignerError('WALLET_RECORD_INVALID', { id: 'run' }, { cause })
  let transaction: Transaction
  try {
    transaction = decodeTransaction(hexToBytes(batch.transaction, 'transaction'))
  } catch (thrown) {
    throw invalid(thrown)
  }
  if (transactionId(transaction) !== batch.transactionId) throw invalid()
  return transaction
}
