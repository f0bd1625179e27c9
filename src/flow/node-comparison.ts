/** How far each node is, and whether it tells the results of blocks. @module */

import { isSignerError } from '../errors.ts'
import { readLatestHeader } from './block-headers.ts'
import { readBlockResults } from './block-results.ts'
import type { NodeConnection } from './node-connection.ts'
import type { NodeHeight } from './node-roster.ts'

type Options = { readonly signal: AbortSignal }

/** Asks all at once for their latest finalized block. */
export const readHeights = (
  nodes: readonly NodeConnection[],
  options: Options,
): Promise<readonly NodeHeight[]> =>
  Promise.all(
    nodes.map(async (node) => {
      try {
        return { node, height: (await readLatestHeader(node, 'final', options)).height }
      } catch (thrown) {
        const isAway = isSignerError(thrown, 'ACCESS_NODE_UNREACHABLE')
        return { node, height: isAway ? 'unreachable' : 'unable' }
      }
    }),
  )

/** Whether it tells what became of its latest sealed block. */
export async function tellsResults(node: NodeConnection, options: Options): Promise<boolean> {
  try {
    const { height } = await readLatestHeader(node, 'sealed', options)
    return (await readBlockResults(node, height, options)) !== undefined
  } catch {
    return false
  }
}
