/** What became of a transaction whose bytes were stored before they were sent. @module */

import { type Transaction, transactionId } from '../../crypto/transaction.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { readAccountKey } from '../../flow/accounts.ts'
import { readLatestHeader } from '../../flow/block-headers.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { readSingleResult } from '../../flow/transaction-outcome.ts'
import { type Settled, settleSent, settleTransaction } from '../../flow/transactions.ts'
import { findExecuted } from '../../transactions/executed.ts'
import { EXPIRY_BLOCKS, readExpiry } from '../../transactions/expiry.ts'

type Options = { readonly timeoutMs: number; readonly signal: AbortSignal | undefined }

/**
 * Sends it for the first time. Its payload is signed once and by us alone, so what the chain says of
 * this id is the whole truth: a transaction that failed, for whatever reason, made no account.
 */
export async function settleNew(
  node: NodeConnection,
  transaction: Transaction,
  options: Options,
): Promise<Settled> {
  return failedIsNothing(await settleTransaction(node, transaction, options))
}

/**
 * One that a run before this may have sent. The chain is asked first; what it does not know is sent again,
 * as the same bytes, while a block can still take it, and given up only when none can have taken it. A
 * refusal proves nothing here: another copy may be on its way.
 */
export async function settleStored(
  node: NodeConnection,
  transaction: Transaction,
  options: Options,
): Promise<Settled> {
  const { signal } = options
  if (await isExecuted(node, transaction, signal)) return settleExecuted(node, transaction, options)
  if (!(await isOver(node, transaction, signal))) {
    const sent = await settleNew(node, transaction, options)
    if (sent.kind !== 'nothing' || isSignerError(sent.error, 'TRANSACTION_FAILED')) return sent
    if (!(await isOver(node, transaction, signal))) return { kind: 'unclear', error: sent.error }
  }
  // A node that was behind may know it by now.
  if (await isExecuted(node, transaction, signal)) return settleExecuted(node, transaction, options)
  const error = new SignerError('TRANSACTION_EXPIRED', {
    transactionId: transactionId(transaction),
  })
  return { kind: (await isUnused(node, transaction, signal)) ? 'nothing' : 'unclear', error }
}

async function settleExecuted(
  node: NodeConnection,
  transaction: Transaction,
  options: Options,
): Promise<Settled> {
  return failedIsNothing(await settleSent(node, transaction, options))
}

const failedIsNothing = (settled: Settled): Settled =>
  settled.kind === 'unclear' && isSignerError(settled.error, 'TRANSACTION_FAILED')
    ? { kind: 'nothing', error: settled.error }
    : settled

type Signal = AbortSignal | undefined

async function isExecuted(node: NodeConnection, transaction: Transaction, signal: Signal) {
  const result = await readSingleResult(node, transactionId(transaction), { signal })
  return result.kind === 'executed'
}

/** Whether every block that can take it is sealed. */
async function isOver(node: NodeConnection, transaction: Transaction, signal: Signal) {
  const { referenceHeight } = await readExpiry(node, transaction, { signal })
  const { height } = await readLatestHeader(node, 'sealed', { signal })
  return height - referenceHeight > EXPIRY_BLOCKS
}

/** Whether its sequence number is still free, or was used by another transaction, once it is over. */
async function isUnused(node: NodeConnection, transaction: Transaction, signal: Signal) {
  const { address, keyIndex, sequenceNumber } = transaction.proposalKey
  const { height } = await readLatestHeader(node, 'sealed', { signal })
  const key = await readAccountKey(node, address, keyIndex, { height, signal })
  if (key.sequenceNumber === sequenceNumber) return true
  const expiry = await readExpiry(node, transaction, { signal })
  return (await findExecuted(node, transaction, expiry, { signal })) === 'another transaction'
}
