/** Sending a signed transaction and learning what became of it. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { encodeTransaction, type Transaction, transactionId } from '../crypto/transaction.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { pause } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { doubling, retrying } from '../retry.ts'
import { type NodeConnection, requestNode } from './http.ts'
import { replyReader, successBody } from './reply.ts'

/** How often a result is asked for, in milliseconds. */
const POLL_MS = 250

/** An event that a transaction emitted. */
export type TransactionEvent = {
  /** For example `flow.AccountCreated`. */
  readonly type: string
  /** JSON-Cadence, decoded from JSON but not from Cadence. */
  readonly payload: unknown
}

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
 * the reply is lost the node may still have taken the transaction, so look its id up before sending
 * anything else.
 *
 * @returns The id, computed here and not taken from the reply.
 * @throws {SignerError} `ACCESS_NODE_REFUSED` when the node did not take it,
 * `TRANSACTION_UNSETTLED` when it is not known whether it did.
 */
export async function sendTransaction(
  node: NodeConnection,
  transaction: Transaction,
  { signal }: Options = {},
): Promise<string> {
  decodeTransaction(encodeTransaction(transaction)) // refuses what the node would misread
  const id = transactionId(transaction)
  const request = { path: 'transactions', body: restBody(transaction), signal }
  return retrying(
    {
      totalTimeoutMs: node.timeoutMs, // without the signal: an abort, too, must tell the id
      pauseMs: (thrown, attempts) =>
        verdict(thrown) === 'busy' ? doubling(100, 500, attempts) : undefined,
      finalError: (thrown, _, waitedMs) =>
        verdict(thrown) === 'unknown'
          ? new SignerError(
              'TRANSACTION_UNSETTLED',
              { transactionId: id, waitedMs },
              { cause: thrown },
            )
          : thrown,
    },
    async () => {
      try {
        successBody(await requestNode(node, request), node.url)
      } catch (thrown) {
        if (verdict(thrown) !== 'taken') throw thrown
      }
      return id
    },
  )
}

/** What a failed POST says of the transaction. */
function verdict(thrown: unknown): 'taken' | 'refused' | 'busy' | 'unknown' {
  if (!isSignerError(thrown, 'ACCESS_NODE_REFUSED')) return 'unknown'
  const { status, reason } = thrown.context
  // The emulator refuses a transaction that it has; a network node takes it twice in silence.
  if (/already been submitted/.test(reason)) return 'taken'
  // The emulator's "pending block with ID … is currently being executed": not taken, for now.
  if (/currently being executed/.test(reason)) return 'busy'
  // The emulator says 500 where a node says 400. Any other 5xx proves nothing: the access node
  // gives up on the collection node after 2 s, which may have taken the transaction.
  return status < 500 || /invalid (transaction|flow)/i.test(reason) ? 'refused' : 'unknown'
}

/**
 * Waits until the transaction is sealed.
 *
 * @param options - `timeoutMs`: milliseconds, default 120,000.
 * @throws {SignerError} `TRANSACTION_FAILED` with all error codes of the node's message,
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
  const message = read.text(body['error_message'], 'error_message')
  if (body['status_code'] !== 0 || message !== '')
    throw new SignerError('TRANSACTION_FAILED', {
      transactionId: id,
      errorCodes: errorCodes(message),
      reason: message,
    })
  return {
    transactionId: id,
    computationUsed: read.number(body['computation_used'], 'computation_used'),
    events: read.list(body['events'], 'events').map((value) => {
      const event = read.object(value, 'event')
      const payload = Buffer.from(read.text(event['payload'], 'payload'), 'base64').toString()
      return { type: read.text(event['type'], 'type'), payload: parseJson(payload, node.url) }
    }),
  }
}

/** All of them: the outermost of a bad signature is 1006, and 1008 or 1009 stands inside. */
function errorCodes(message: string): readonly number[] {
  return [...message.matchAll(/\[Error Code: (\d{1,6})\]/g)].map(([, code]) => Number(code))
}

function parseJson(text: string, accessNode: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode, reason: 'event payload' })
  }
}

/** The form that the REST API takes: bytes in base64, numbers as text, addresses without 0x. */
function restBody(transaction: Transaction): object {
  const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64')
  const signatures = (entries: Transaction['payloadSignatures']) =>
    entries.map(({ address, keyIndex, signature, extensionData }) => ({
      address: address.slice(2),
      key_index: String(keyIndex),
      signature: base64(signature),
      ...(extensionData === undefined ? {} : { extension_data: base64(extensionData) }),
    }))
  const { proposalKey } = transaction
  return {
    script: base64(transaction.cadence),
    arguments: transaction.arguments.map(base64),
    reference_block_id: bytesToHex(transaction.referenceBlockId),
    gas_limit: String(transaction.computeLimit),
    payer: transaction.payer.slice(2),
    proposal_key: {
      address: proposalKey.address.slice(2),
      key_index: String(proposalKey.keyIndex),
      sequence_number: String(proposalKey.sequenceNumber),
    },
    authorizers: transaction.authorizers.map((address) => address.slice(2)),
    payload_signatures: signatures(transaction.payloadSignatures),
    envelope_signatures: signatures(transaction.envelopeSignatures),
  }
}
