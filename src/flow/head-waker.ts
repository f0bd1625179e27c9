/** A block that is not much older than one poll, shared by all who want one. @module */

import { abortable } from '../deadline.ts'
import { isSignerError } from '../errors.ts'
import { doubling, retrying } from '../retry.ts'
import type { ChainHead } from './block-head.ts'
import type { BlockHeader } from './block-headers.ts'
import type { NodeConnection } from './node-connection.ts'

/**
 * @param retry - Told what a request threw, and how many did in a row.
 * @returns Waits for the head; callers at the same time share requests.
 */
export function createHeadWaker(options: {
  readonly nodes: readonly [NodeConnection, ...NodeConnection[]]
  readonly head: ChainHead
  readonly isFresh: () => boolean
  readonly retry: (error: unknown, failures: number) => void
  readonly signal: AbortSignal
}): (signal: AbortSignal | undefined) => Promise<BlockHeader> {
  const { nodes, head, isFresh, retry, signal } = options
  let waking: Promise<BlockHeader> | undefined

  const refreshed = () =>
    retrying(
      {
        totalTimeoutMs: nodes[0].timeoutMs,
        signal,
        pauseMs(thrown, attempts) {
          retry(thrown, attempts)
          // With another node to ask, what one answers need not be the end.
          const again = isSignerError(thrown, 'ACCESS_NODE_UNREACHABLE') || nodes.length > 1
          return again ? doubling(100, 1_000, attempts) : undefined
        },
        finalError: (thrown) => thrown,
      },
      head.refresh,
    )
  return async (callers) => {
    const latest = head.latest()
    if (latest !== undefined && isFresh()) return latest.header
    waking ??= refreshed().finally(() => {
      waking = undefined
    })
    return abortable(waking, callers)
  }
}
