/** Single blocks by their id. @module */

import { type NodeConnection, requestNode } from './http.ts'
import { replyReader, successBody } from './reply.ts'

type Options = { readonly signal?: AbortSignal | undefined }

/**
 * @param id - 64 digits.
 * @returns Its height; `undefined` when the node does not have it.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function readBlockHeight(
  node: NodeConnection,
  id: string,
  { signal }: Options = {},
): Promise<number | undefined> {
  const reply = await requestNode(node, { path: `blocks/${id}`, signal })
  if (reply.status === 404) return undefined
  const read = replyReader(node.url)
  // One block in a list: the route takes several ids.
  const [block] = read.list(successBody(reply, node.url), 'blocks')
  const header = read.object(read.object(block, 'block')['header'], 'header')
  return read.number(header['height'], 'height')
}

/** Whether the node has the block. */
export const blockExists = async (
  node: NodeConnection,
  id: string,
  options: Options = {},
): Promise<boolean> => (await readBlockHeight(node, id, options)) !== undefined
