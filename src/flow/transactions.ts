/** Sending a signed transaction and learning what became of it. @module */

import { type Transaction, transactionId } from '../crypto/transaction.ts'
import { pause } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { doubling, retrying } from '../retry.ts'
import { readAccountKey } from './accounts.ts'
import { readBlockHeaders } from './block-headers.ts'
import { errorCodesOf } from './failure-message.ts'
import { type NodeConnection, requestNode } from './http.ts'
import { spendsSequenceNumber } from './number-spent.ts'
import {
  type PostVerdict,
  type PreparedTransaction,
  postTransaction,
  prepareTransaction,
} from './post-transaction.ts'
import { replyReader, successBody } from './reply.ts'
import {
  failureOf,
  readEvents,
  readSingleResult,
  type TransactionEvent,
} from './transaction-outcome.ts'

export type { TransactionEvent }

/** How often a result is asked for, in milliseconds. */
const POLL_MS = 250

/** What became of a transaction that was executed without an error. */
export type TransactionResult = {
  readonly transactionId: string
  /** In units of computation; 0 where the node does not tell, as on the emulator. */
  readonly computationUsed: number
  readonly events: readonly TransactionEvent[]
}

type Options = { readonly signal?: AbortSignal | undefined }

/**
 * Sends the bytes once, and again only while the emulator says that it is busy with a block. When
 * the reply is lost, or proves nothing, the node may still have taken the transaction: look its id up
 * before sending anything else.
 *
 * @returns The id, computed here and not taken from the reply.
 * @throws {SignerError} `ACCESS_NODE_REFUSED` when the node says by the sentence of its validator that it
 * did not take it, `TRANSACTION_UNSETTLED` when it is not known whether it did.
 */
export async function sendTransaction(
  node: NodeConnection,
  transaction: Transaction,
  options: Options = {},
): Promise<string> {
  return sendPrepared(node, prepareTransaction(transaction), options)
}

async function sendPrepared(
  node: NodeConnection,
  prepared: PreparedTransaction,
  { signal }: Options,
): Promise<string> {
  const { transactionId: id } = prepared
  let verdict: PostVerdict = 'unknown'
  return retrying(
    {
      totalTimeoutMs: node.timeoutMs, // without the signal: an abort, too, must tell the id
      pauseMs: (_, attempts) => (verdict === 'busy' ? doubling(100, 500, attempts) : undefined),
      finalError: (cause, _, waitedMs) =>
        verdict === 'refused' || verdict === 'busy'
          ? cause
          : new SignerError('TRANSACTION_UNSETTLED', { transactionId: id, waitedMs }, { cause }),
    },
    async (_, leftMs) => {
      verdict = 'unknown'
      const timeoutMs = Math.ceil(leftMs)
      const result = await postTransaction({ ...node, timeoutMs }, prepared, { signal })
      verdict = result.verdict
      if (verdict !== 'taken') throw result.error
      return id
    },
  )
}

/**
 * Waits until the transaction is sealed.
 *
 * @param options - `timeoutMs`: milliseconds, default 120,000.
 * @throws {SignerError} `TRANSACTION_FAILED` with the node's own error codes,
 * `TRANSACTION_EXPIRED`, `TRANSACTION_UNSETTLED` when the time is over; the `ACCESS_NODE_…` codes.
 */
export async function waitForSeal(
  node: NodeConnection,
  id: string,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<TransactionResult> {
  const { timeoutMs = 120_000, signal } = options
  const started = performance.now()
  for (;;) {
    const result = await readResult(node, id, { signal })
    if (result !== undefined) return result
    const waitedMs = Math.round(performance.now() - started)
    if (waitedMs >= timeoutMs)
      throw new SignerError('TRANSACTION_UNSETTLED', { transactionId: id, waitedMs })
    await pause(POLL_MS, signal)
  }
}

/**
 * What is certain of a transaction that was sent once. `nothing`: it did not and will not execute, nor
 * can another one have its sequence number in its place. `unclear`: look its id up.
 */
export type Settled =
  | { readonly kind: 'sealed'; readonly events: readonly TransactionEvent[] }
  | { readonly kind: 'nothing'; readonly error: unknown }
  | { readonly kind: 'unclear'; readonly error: unknown }

/** Sends it and waits for the seal. Rejects with `signal.reason`, having sent nothing, when aborted. */
export async function settleTransaction(
  node: NodeConnection,
  transaction: Transaction,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Settled> {
  const { signal } = options
  signal?.throwIfAborted()
  const prepared = prepareTransaction(transaction)
  try {
    await sendPrepared(node, prepared, { signal })
  } catch (error) {
    if (isSignerError(error, 'ACCESS_NODE_REFUSED')) return { kind: 'nothing', error }
    // The answer was lost, but perhaps not the transaction: the chain will tell.
    if (!isSignerError(error, 'TRANSACTION_UNSETTLED') || signal?.aborted)
      return { kind: 'unclear', error }
  }
  return settleSent(node, transaction, options)
}

/** As `settleTransaction`, of one that was sent before: nothing is sent. */
export async function settleSent(
  node: NodeConnection,
  transaction: Transaction,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<Settled> {
  const { signal } = options
  try {
    const { events } = await waitForSeal(node, transactionId(transaction), options)
    return { kind: 'sealed', events }
  } catch (error) {
    const isNothing = await didNothing(node, transaction, error, signal)
    return { kind: isNothing ? 'nothing' : 'unclear', error }
  }
}

/** The sequence number was used by another transaction: perhaps ours, under other signatures. */
const NUMBER_USED = 1007

async function didNothing(
  node: NodeConnection,
  { proposalKey }: Transaction,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (isSignerError(error, 'TRANSACTION_EXPIRED')) return true
  if (!isSignerError(error, 'TRANSACTION_FAILED')) return false
  const { errorCodes, transactionId: id } = error.context
  if (errorCodes.length === 0 || errorCodes.includes(NUMBER_USED)) return false
  if (spendsSequenceNumber(errorCodes)) return true
  // Signatures are looked at before the number: a copy of ours, under other signatures, may have used
  // it, and a key have been revoked since.
  try {
    const height = await heightOf(node, id, signal)
    if (height === undefined) return false
    const { address, keyIndex, sequenceNumber } = proposalKey
    const key = await readAccountKey(node, address, keyIndex, { height, signal })
    return key.sequenceNumber === sequenceNumber
  } catch {
    return false
  }
}

/** Of the block that holds it; `undefined` when the node does not tell. */
async function heightOf(
  node: NodeConnection,
  id: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const result = await readSingleResult(node, id, { signal })
  if (result.kind !== 'executed') return undefined
  const [header] = (await readBlockHeaders(node, result.blockId, { signal })) ?? []
  return header?.height
}

async function readResult(
  node: NodeConnection,
  id: string,
  { signal }: Options,
): Promise<TransactionResult | undefined> {
  const reply = await requestNode(node, { path: `transaction_results/${id}`, signal })
  if (reply.status === 404) return undefined // not seen yet
  const read = replyReader(node.url)
  const body = read.object(successBody(reply, node.url), 'transaction result')
  const status = read.text(body['status'], 'status')
  if (/^expired$/i.test(status)) throw new SignerError('TRANSACTION_EXPIRED', { transactionId: id })
  if (!/^sealed$/i.test(status)) return undefined
  const reason = failureOf(body, read)
  if (reason !== '')
    throw new SignerError('TRANSACTION_FAILED', {
      transactionId: id,
      errorCodes: errorCodesOf(reason),
      reason,
    })
  return {
    transactionId: id,
    computationUsed: read.number(body['computation_used'], 'computation_used'),
    events: readEvents(body['events'], node.url),
  }
}
