/** One POST of one signed transaction, and what its reply proves. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { encodeTransaction, type Transaction } from '../crypto/transaction.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { NodeConnection } from './http.ts'
import { successBody } from './reply.ts'
import { type OnceReply, requestOnce } from './request-once.ts'

/**
 * What the reply proves.
 * - `taken`: the node has it, perhaps from before.
 * - `refused`: it was not taken, and never will be as it is.
 * - `busy`: it was not taken; the emulator executes a block. Send it again.
 * - `limited`: it was not taken; the node limits the rate. Send it again later.
 * - `unknown`: nothing. The node may have taken it.
 */
export type PostVerdict = 'taken' | 'refused' | 'busy' | 'limited' | 'unknown'

/** What became of one POST. */
export type PostResult = {
  readonly verdict: PostVerdict
  /** The node's sentence or what went wrong with the request; empty when taken. */
  readonly reason: string
  /** Of HTTP; `undefined` when no reply came. */
  readonly status: number | undefined
  /** How long the node asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** What to throw for it: an `ACCESS_NODE_…` error, or why the caller aborted. */
  readonly error: unknown
}

/**
 * @returns JSON in the form of the REST API, made once and posted as often as it takes.
 * @throws {SignerError} `MALFORMED_TRANSACTION` for what a node would misread.
 */
export function prepareTransaction(transaction: Transaction): string {
  decodeTransaction(encodeTransaction(transaction))
  return JSON.stringify(restBody(transaction))
}

/**
 * Sends the bytes once, whatever happens.
 *
 * @param body - What `prepareTransaction` made.
 * @returns Also when the request failed, or was aborted under way. Rejects with `signal.reason`,
 * having sent nothing, when that is aborted already.
 */
export async function postTransaction(
  node: NodeConnection,
  body: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PostResult> {
  const { signal } = options
  signal?.throwIfAborted()
  try {
    return judge(await requestOnce(node, { path: 'transactions', body, signal }), node.url)
  } catch (error) {
    const reason = isSignerError(error, 'ACCESS_NODE_UNREACHABLE')
      ? error.context.reason
      : 'the request was given up'
    return { verdict: 'unknown', reason, status: undefined, retryAfterMs: undefined, error }
  }
}

function judge({ status, json, retryAfterMs }: OnceReply, accessNode: string): PostResult {
  const taken = { verdict: 'taken', reason: '', status, retryAfterMs, error: undefined } as const
  if (status < 300 && json !== undefined) return taken
  const refusal = refusalOf(status, json, accessNode)
  const { reason } = refusal.context
  // The emulator refuses a transaction that it has; a network node takes it twice in silence.
  if (/already been submitted/.test(reason)) return taken
  const verdict = json === undefined ? unread(status) : read(status, reason)
  const text = reason || `HTTP ${status}`
  const error = ['refused', 'busy'].includes(verdict)
    ? refusal
    : new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode, reason: `HTTP ${status}` })
  return { verdict, reason: text, status, retryAfterMs, error }
}

function refusalOf(status: number, json: unknown, accessNode: string) {
  try {
    successBody({ status: Math.max(status, 300), json }, accessNode)
  } catch (thrown) {
    if (isSignerError(thrown, 'ACCESS_NODE_REFUSED')) return thrown
  }
  return new SignerError('ACCESS_NODE_REFUSED', { accessNode, status, reason: '' })
}

/** A body that is not JSON comes from something in between, and 429 from where nothing passes. */
const unread = (status: number): PostVerdict => (status === 429 ? 'limited' : 'unknown')

function read(status: number, reason: string): PostVerdict {
  if (status === 429) return 'limited'
  if ([408, 502, 503, 504].includes(status)) return 'unknown'
  // The emulator's "pending block with ID … is currently being executed": not taken, for now.
  if (/currently being executed/.test(reason)) return 'busy'
  // The emulator says 500 where a node says 400. Any other 5xx proves nothing: the access node
  // gives up on the collection node after 2 s, which may have taken the transaction.
  return status < 500 || /invalid (transaction|flow)/i.test(reason) ? 'refused' : 'unknown'
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
