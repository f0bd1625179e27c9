/** What became of one transaction, as an access node tells it. @module */

import { SignerError } from '../errors.ts'
import { errorCodesOf } from './failure-message.ts'
import type { NodeConnection } from './http.ts'
import { type ReplyReader, replyReader } from './reply.ts'
import { assertAvailable, requestOnce } from './request-once.ts'

export { errorCodesOf }

/** A reason is for people; its codes are read before it is cut. */
const MAX_REASON_LENGTH = 4_000

/** An event that a transaction emitted. */
export type TransactionEvent = {
  /** For example `flow.AccountCreated`. */
  readonly type: string
  /** JSON-Cadence, decoded from JSON but not from Cadence. */
  readonly payload: unknown
}

/** An executed transaction, whether it succeeded or failed. */
export type TransactionOutcome = {
  /** 64 lower-case hexadecimal digits. */
  readonly transactionId: string
  /** 64 lower-case hexadecimal digits. */
  readonly blockId: string
  readonly height: number
  /** Whether the block is sealed: then the outcome is final. */
  readonly sealed: boolean
  /** The codes that the node itself says, outermost first; none that its message quotes. */
  readonly errorCodes: readonly number[]
  /** The node's message, at most 4,000 characters; empty when it succeeded, and only then. */
  readonly reason: string
  /** In units of computation; 0 where the node does not tell, as on the emulator. */
  readonly computationUsed: number
  readonly events: readonly TransactionEvent[]
}

/** @throws {SignerError} `ACCESS_NODE_REPLY_INVALID`. */
export function readEvents(value: unknown, accessNode: string): readonly TransactionEvent[] {
  const read = replyReader(accessNode)
  return read.list(value, 'events').map((entry) => {
    const event = read.object(entry, 'event')
    const payload = Buffer.from(read.text(event['payload'], 'payload'), 'base64').toString()
    try {
      return { type: read.text(event['type'], 'type'), payload: JSON.parse(payload) }
    } catch {
      const reason = 'no usable event'
      throw new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode, reason })
    }
  })
}

type Body = Readonly<Record<string, unknown>>
type Place = Pick<TransactionOutcome, 'transactionId' | 'blockId' | 'height'>

/**
 * The events are decoded when they are first read: a block holds many transactions of others.
 *
 * @returns `undefined` when the transaction is not executed.
 * @throws {SignerError} `ACCESS_NODE_REPLY_INVALID`; from `events` too.
 */
export function outcomeOf(body: Body, place: Place, url: string): TransactionOutcome | undefined {
  const read = replyReader(url)
  const status = read.text(body['status'], 'status')
  if (!/^(executed|sealed)$/i.test(status)) return undefined
  const reason = failureOf(body, read)
  let events: readonly TransactionEvent[] | undefined
  return {
    ...place,
    sealed: /^sealed$/i.test(status),
    errorCodes: errorCodesOf(reason),
    reason: reason.slice(0, MAX_REASON_LENGTH),
    computationUsed: read.number(body['computation_used'], 'computation_used'),
    get events() {
      events ??= readEvents(body['events'], url)
      return events
    },
  }
}

/**
 * Anything but a status code of 0 without a message is a failure.
 *
 * @returns The node's message; empty when the transaction succeeded.
 */
export function failureOf(body: Body, read: ReplyReader): string {
  const message = read.text(body['error_message'], 'error_message')
  return message === '' && body['status_code'] !== 0 ? 'the node gives no reason' : message
}

/** One transaction by its id, for nodes that do not tell the results of a whole block. */
export type SingleResult =
  | { readonly kind: 'unknown' | 'expired' }
  | {
      readonly kind: 'executed'
      readonly blockId: string
      /** The node that answered. */
      readonly toldBy: NodeConnection
      /** @param height - Of the block; the reply does not tell it. */
      readonly at: (height: number) => TransactionOutcome
    }

/** @throws {SignerError} `ACCESS_NODE_UNREACHABLE`, `ACCESS_NODE_REPLY_INVALID`. */
export async function readSingleResult(
  node: NodeConnection,
  transactionId: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SingleResult> {
  const path = `transaction_results/${transactionId}`
  const reply = await requestOnce(node, { path, signal: options.signal })
  assertAvailable(reply, node.url)
  if (reply.status >= 400) return { kind: 'unknown' }
  const read = replyReader(node.url)
  const body = read.object(reply.json, 'transaction result')
  const status = read.text(body['status'], 'status')
  if (/^expired$/i.test(status)) return { kind: 'expired' }
  if (!/^(executed|sealed)$/i.test(status)) return { kind: 'unknown' }
  const blockId = hexId(body['block_id'], 'block_id', read, node.url)
  return {
    kind: 'executed',
    blockId,
    toldBy: node,
    at(height) {
      const outcome = outcomeOf(body, { transactionId, blockId, height }, node.url)
      if (outcome === undefined)
        throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
          accessNode: node.url,
          reason: 'no usable status',
        })
      return outcome
    },
  }
}

/** @throws {SignerError} `ACCESS_NODE_REPLY_INVALID` for anything but 64 lower-case digits. */
export function hexId(value: unknown, name: string, read: ReplyReader, accessNode: string): string {
  const id = read.text(value, name)
  if (/^[0-9a-f]{64}$/.test(id)) return id
  throw new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode, reason: `no usable ${name}` })
}
