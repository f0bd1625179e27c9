/** Running a Cadence script on a node. @module */

import { type NodeConnection, requestNode } from './http.ts'
import { replyReader, successBody } from './reply.ts'

/**
 * Runs a script on the latest sealed block.
 *
 * @param options - `height`: of the block to run it on in its place, so that several nodes answer for the
 * same state.
 * @param args - JSON-Cadence, one text per argument.
 * @returns Its result in JSON-Cadence, decoded from JSON but not from Cadence.
 * @throws {SignerError} The `ACCESS_NODE_…` codes; `ACCESS_NODE_REFUSED` when the script fails.
 */
export async function runScript(
  node: NodeConnection,
  cadence: string,
  args: readonly string[],
  options: { readonly height?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<unknown> {
  const { height = 'sealed', signal } = options
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const reply = await requestNode(node, {
    path: `scripts?block_height=${height}`,
    body: { script: base64(cadence), arguments: args.map(base64) },
    signal,
  })
  const text = replyReader(node.url).text(successBody(reply, node.url), 'script result')
  return JSON.parse(Buffer.from(text, 'base64').toString())
}
