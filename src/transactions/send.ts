/** Sending a transaction that all parties have signed, once. @module */

import { type Transaction, transactionId } from '../crypto/transaction.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import { readSingleResult } from '../flow/transaction-outcome.ts'
import { settleTransaction, type TransactionEvent, waitForSeal } from '../flow/transactions.ts'
import { assertKnownKeys, assertSignal, assertTimeout } from '../options.ts'
import { findExecuted } from './executed.ts'
import { assertNotExpired } from './expiry.ts'
import { type ChainOptions, checkedTransaction, openChain } from './options.ts'
import { missingOf } from './parties.ts'
import { assertNumberIsDue, type Review, readReview } from './review.ts'

/** Options of `sendTransaction`. */
export type SendOptions = ChainOptions & {
  /** With the signatures of all. */
  readonly transaction: Transaction
  /** Milliseconds to wait for the seal. Default 120,000. */
  readonly timeoutMs?: number
}

/** A transaction that is sealed and did not fail. */
export type SentTransaction = {
  /** 64 lower-case hexadecimal digits. */
  readonly transactionId: string
  readonly events: readonly TransactionEvent[]
}

/**
 * Sends these bytes and no others, and waits for the seal. Calling it again with the same transaction
 * tells what became of it and sends nothing anew: a transaction that the chain knows is only waited
 * for, and one whose outcome is unknown is sent as the same bytes.
 *
 * @throws {SignerError} Before anything is sent: those of `approveTransaction`; `SIGNATURES_MISSING`;
 * `SEQUENCE_NUMBER_MISMATCH`, whose `executedAs` tells a transaction of the same payload under other
 * signatures that was executed; `TRANSACTION_EXPIRED`. After: `TRANSACTION_FAILED`,
 * `TRANSACTION_EXPIRED` when it had no effect, `ACCESS_NODE_REFUSED` when the node did not take it this
 * time; `TRANSACTION_UNSETTLED` with the id when that is not known, also when the caller aborts.
 */
export async function sendTransaction(options: SendOptions): Promise<SentTransaction> {
  assertKnownKeys(options, optionNames)
  const { timeoutMs = 120_000, signal } = options
  assertSignal(signal)
  assertTimeout('timeoutMs', timeoutMs)
  const transaction = checkedTransaction(options.transaction)
  const node = await openChain(options)
  const id = transactionId(transaction)
  const isKnown = async () => (await readSingleResult(node, id, { signal })).kind !== 'unknown'
  if (!(await isKnown())) {
    const review = await readReview(node, transaction, { signal })
    if (!review.ready)
      throw new SignerError('SIGNATURES_MISSING', { missing: missingOf(review.parties) })
    const isUsed = review.sequenceNumber > transaction.proposalKey.sequenceNumber
    // Perhaps by itself: somebody else may have sent it since we looked.
    if (!isUsed || !(await isKnown())) return post(node, review, timeoutMs, signal)
  }
  const { events } = await waitForSeal(node, id, { timeoutMs, signal })
  return Object.freeze({ transactionId: id, events })
}

const optionNames: readonly (keyof SendOptions)[] = [
  'accessNode',
  'chainId',
  'signal',
  'transaction',
  'timeoutMs',
]

async function post(
  node: NodeConnection,
  review: Review,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<SentTransaction> {
  const { transaction, transactionId: id, expiry } = review
  await assertMaySend(node, review, signal)
  const started = performance.now()
  const settled = await settleTransaction(node, transaction, { timeoutMs, signal })
  if (settled.kind === 'sealed') return Object.freeze({ transactionId: id, events: settled.events })
  const { kind, error } = settled
  if (kind === 'nothing') throw error
  // 1007: the number was used between our look and the block. Perhaps by a copy of this one.
  if (isSignerError(error, 'TRANSACTION_FAILED') && error.context.errorCodes.includes(1007)) {
    const executedAs = await findExecuted(node, transaction, expiry, { signal })
    const { proposalKey } = transaction
    assertNumberIsDue(transaction, proposalKey.sequenceNumber + 1n, executedAs)
  }
  if (isSignerError(error, 'TRANSACTION_FAILED') || isSignerError(error, 'TRANSACTION_UNSETTLED'))
    throw error
  const waitedMs = Math.round(performance.now() - started)
  throw new SignerError('TRANSACTION_UNSETTLED', { transactionId: id, waitedMs }, { cause: error })
}

/** Nothing is sent that cannot be executed. */
async function assertMaySend(
  node: NodeConnection,
  { transaction, expiry, sequenceNumber }: Review,
  signal: AbortSignal | undefined,
): Promise<void> {
  const isUsed = sequenceNumber > transaction.proposalKey.sequenceNumber
  const executedAs = isUsed
    ? await findExecuted(node, transaction, expiry, { signal })
    : 'nothing yet'
  assertNumberIsDue(transaction, sequenceNumber, executedAs)
  assertNotExpired(transaction, expiry)
}
