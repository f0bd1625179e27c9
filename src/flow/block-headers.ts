/** Headers of blocks, as an access node tells them. @module */

import { SignerError } from '../errors.ts'
import type { NodeConnection } from './http.ts'
import { replyReader } from './reply.ts'
import { assertAvailable, requestOnce } from './request-once.ts'
import { hexId } from './transaction-outcome.ts'

/** What links a block to the one before it. Ids are 64 lower-case hexadecimal digits. */
export type BlockHeader = {
  readonly id: string
  readonly parentId: string
  readonly height: number
  readonly timestamp: Date
}

/** The latest block that is final or sealed, one block by its id, or a range of at most 50. */
export type BlockChoice = 'final' | 'sealed' | string | { readonly from: number; to: number }

/**
 * Asks once.
 *
 * @returns In the order of their heights; `undefined` when the node does not have them.
 * @throws {SignerError} `ACCESS_NODE_UNREACHABLE`, `ACCESS_NODE_REPLY_INVALID`.
 */
export async function readBlockHeaders(
  node: NodeConnection,
  choice: BlockChoice,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly BlockHeader[] | undefined> {
  const reply = await requestOnce(node, { path: pathOf(choice), signal: options.signal })
  assertAvailable(reply, node.url)
  if (reply.status >= 400) return undefined
  const read = replyReader(node.url)
  return read
    .list(reply.json, 'blocks')
    .map((block) => blockHeader(read.object(block, 'block')['header'], node.url))
}

/** @throws {SignerError} `ACCESS_NODE_REPLY_INVALID`. */
export function blockHeader(value: unknown, accessNode: string): BlockHeader {
  const read = replyReader(accessNode)
  const header = read.object(value, 'header')
  const timestamp = new Date(read.text(header['timestamp'], 'timestamp'))
  if (Number.isNaN(timestamp.getTime()))
    throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
      accessNode,
      reason: 'no usable timestamp',
    })
  return {
    id: hexId(header['id'], 'block id', read, accessNode),
    parentId: hexId(header['parent_id'], 'parent id', read, accessNode),
    height: read.number(header['height'], 'height'),
    timestamp,
  }
}

/** @throws {SignerError} `ACCESS_NODE_REPLY_INVALID` also when the node has none. */
export async function readLatestHeader(
  node: NodeConnection,
  status: 'final' | 'sealed',
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<BlockHeader> {
  const [latest] = (await readBlockHeaders(node, status, options)) ?? []
  if (latest !== undefined) return latest
  throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
    accessNode: node.url,
    reason: `no latest ${status} block`,
  })
}

function pathOf(choice: BlockChoice): string {
  if (typeof choice === 'object')
    return `blocks?start_height=${choice.from}&end_height=${choice.to}`
  return choice === 'final' || choice === 'sealed' ? `blocks?height=${choice}` : `blocks/${choice}`
}
