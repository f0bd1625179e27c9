/** What became of all transactions of one block, in one request. @module */

import { SignerError } from '../errors.ts'
import { readBlockHeaders } from './block-headers.ts'
import type { NodeConnection } from './http.ts'
import { replyReader } from './reply.ts'
import { assertAvailable, requestOnce } from './request-once.ts'
import { hexId, outcomeOf, type TransactionOutcome } from './transaction-outcome.ts'

export type { TransactionOutcome }

/** The results of an executed block. */
export type BlockResults = {
  /** 64 lower-case hexadecimal digits. */
  readonly blockId: string
  readonly height: number
  /** Whether all results are sealed; never true of a block without any. */
  readonly sealed: boolean
  /** By transaction id, in the order of execution; the chain's own transactions too. */
  readonly results: ReadonlyMap<string, TransactionOutcome>
  /** The node that answered. */
  readonly toldBy: NodeConnection
}

/**
 * Asks once. The events of a result are decoded when they are first read, and may then throw.
 *
 * @param height - Of a finalized block.
 * @returns `undefined` when the block is not executed, or the node does not serve this.
 * @throws {SignerError} `ACCESS_NODE_UNREACHABLE`, `ACCESS_NODE_REPLY_INVALID`.
 */
export async function readBlockResults(
  node: NodeConnection,
  height: number,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<BlockResults | undefined> {
  const { signal } = options
  const path = `transaction_results?block_height=${height}`
  const reply = await requestOnce(node, { path, signal })
  assertAvailable(reply, node.url)
  if (reply.status >= 400) return undefined
  const invalid = (reason: string) =>
    new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode: node.url, reason })
  const read = replyReader(node.url)
  const results = new Map<string, TransactionOutcome>()
  let blockId: string | undefined
  for (const value of read.list(reply.json, 'results of a block')) {
    const body = read.object(value, 'transaction result')
    const own = hexId(body['block_id'], 'block_id', read, node.url)
    blockId ??= own
    if (blockId !== own) throw invalid('results of several blocks')
    const links = read.object(body['_links'], '_links')
    // The id stands nowhere else in a result without events.
    const [, id] =
      /\/transaction_results\/([0-9a-f]{64})$/.exec(read.text(links['_self'], '_self')) ?? []
    if (id === undefined) throw invalid('no usable transaction id')
    const outcome = outcomeOf(body, { transactionId: id, blockId, height }, node.url)
    if (outcome === undefined) return undefined // executed in part
    // A second copy in the same block fails, without changing what the first one did.
    if (!results.has(id)) results.set(id, outcome)
  }
  const sealed = results.size > 0 && [...results.values()].every((outcome) => outcome.sealed)
  if (blockId !== undefined) return { blockId, height, sealed, results, toldBy: node }
  const [header] = (await readBlockHeaders(node, { from: height, to: height }, { signal })) ?? []
  return header && { blockId: header.id, height, sealed, results, toldBy: node }
}
