/** One POST of one signed transaction, and what its reply proves. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { encodeTransaction, type Transaction, transactionId } from '../crypto/transaction.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { NodeConnection } from './http.ts'
import { isBusy, isDuplicate, type Refusal, refusalOf } from './refusals.ts'
import { reasonOf } from './reply.ts'
import { type OnceReply, requestOnce } from './request-once.ts'

/**
 * What the reply proves.
 * - `taken`: the node has it, perhaps from before.
 * - `refused`: by the sentence of its validator, the node did not take it and passed it to nobody.
 * - `busy`: it was not taken; the emulator executes a block. Send it again.
 * - `limited`: the node limits the rate. Send it again later.
 * - `denied`: somebody wants credentials, another address or another body; a gateway, perhaps, that
 *   asked the node all the same. An operator mends it; the bytes may have been taken.
 * - `unknown`: nothing. The node may have taken it.
 */
export type PostVerdict = 'taken' | 'refused' | 'busy' | 'limited' | 'denied' | 'unknown'

/** What became of one POST. */
export type PostResult = {
  readonly verdict: PostVerdict
  /** What a refusal means; `undefined` unless it was refused. */
  readonly refusal: Refusal | undefined
  /** The node's sentence, at most 1,000 characters, or what went wrong; empty when taken. */
  readonly reason: string
  /** Of HTTP; `undefined` when no reply came. */
  readonly status: number | undefined
  /** How long the node asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** What to throw for it: an `ACCESS_NODE_…` error, or why the caller aborted. */
  readonly error: unknown
}

/** Made once, and posted as often as it takes. */
export type PreparedTransaction = {
  /** 64 lower-case hexadecimal digits. */
  readonly transactionId: string
  /** JSON in the form of the REST API. */
  readonly body: string
}

/** @throws {SignerError} `MALFORMED_TRANSACTION` for what a node would misread. */
export function prepareTransaction(transaction: Transaction): PreparedTransaction {
  decodeTransaction(encodeTransaction(transaction))
  return { transactionId: transactionId(transaction), body: JSON.stringify(restBody(transaction)) }
}

/**
 * Sends the bytes once, whatever happens.
 *
 * @returns Also when the request failed, or was aborted under way. Rejects with `signal.reason`,
 * having sent nothing, when that is aborted already.
 */
export async function postTransaction(
  node: NodeConnection,
  { transactionId: id, body }: PreparedTransaction,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<PostResult> {
  const { signal } = options
  signal?.throwIfAborted()
  try {
    return judge(await requestOnce(node, { path: 'transactions', body, signal }), id, node.url)
  } catch (error) {
    const reason = isSignerError(error, 'ACCESS_NODE_UNREACHABLE')
      ? error.context.reason
      : 'the request was given up'
    const nothing = { refusal: undefined, status: undefined, retryAfterMs: undefined }
    return { verdict: 'unknown', reason, error, ...nothing }
  }
}

/** Characters of a node's sentence that are told and stored: a reply may be of megabytes. */
const MAX_REASON_LENGTH = 1_000

/** For people; cuts no character in two. */
const shortReason = (message: string) => message.slice(0, MAX_REASON_LENGTH).replace(/\p{Cs}$/u, '')

/** Recognises the sentence as the node wrote it, before it is cut. */
function judge(reply: OnceReply, id: string, accessNode: string): PostResult {
  const { status, json, retryAfterMs } = reply
  const message = reasonOf(json)
  const verdict = read(reply, message, id)
  const refusal = verdict === 'refused' ? refusalOf(status, message) : undefined
  const reason = verdict === 'taken' ? '' : shortReason(message) || `HTTP ${status}`
  const error = errorOf(verdict, { accessNode, status, reason })
  return { verdict, refusal, reason, status, retryAfterMs, error }
}

function read({ status, json }: OnceReply, message: string, id: string): PostVerdict {
  if (status < 300) return json === undefined ? 'unknown' : 'taken'
  if (isDuplicate(status, message, id)) return 'taken'
  if (isBusy(status, message)) return 'busy'
  if (refusalOf(status, message) !== undefined) return 'refused'
  if (status === 429) return 'limited'
  // An access node answers none of these to a POST, but for a body that is too large.
  if (status >= 400 && status < 500 && ![400, 408, 425].includes(status)) return 'denied'
  return 'unknown'
}

function errorOf(
  verdict: PostVerdict,
  facts: { readonly accessNode: string; readonly status: number; readonly reason: string },
): SignerError | undefined {
  const { accessNode, status } = facts
  if (verdict === 'taken') return undefined
  if (verdict === 'refused' || verdict === 'busy')
    return new SignerError('ACCESS_NODE_REFUSED', facts)
  if (verdict === 'denied') return new SignerError('ACCESS_NODE_DENIES', { accessNode, status })
  return new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode, reason: `HTTP ${status}` })
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
