/** The node that is followed, and the others that are compared with it now and then. @module */

import { isSignerError } from '../errors.ts'
import type { Ask } from './block-head.ts'
import { readHeights, tellsResults } from './node-comparison.ts'
import type { NodeConnection } from './node-connection.ts'
import { createNodeRoster, type NodeNews } from './node-roster.ts'

/** Asking the one that works. */
export type FollowedNodes = {
  /** Asks the followed node once; one that does not answer is left for the next. */
  readonly ask: Ask
  readonly followed: () => NodeConnection
  /** The others, in the order in which they should be asked: those that work first. */
  readonly others: () => readonly NodeConnection[]
  /** The followed node does not tell the results of blocks. @returns Whether another is followed. */
  readonly unable: () => boolean
  /** It did not answer before. */
  readonly away: (node: NodeConnection) => void
  /** Compares all, when that is due; callers at the same time share it. Never rejects. */
  readonly compare: () => Promise<void>
  readonly requests: () => number
}

/**
 * @param compareMs - Milliseconds from one comparison to the next, at least.
 * @param onNews - Must not throw.
 * @param onSwitch - Another node is followed. Must not throw.
 */
export function createFollowedNodes(options: {
  readonly nodes: readonly [NodeConnection, ...NodeConnection[]]
  readonly compareMs: number
  readonly signal: AbortSignal
  readonly onNews: (news: NodeNews) => void
  readonly onSwitch: () => void
}): FollowedNodes {
  const { nodes, compareMs, signal } = options
  const roster = createNodeRoster(nodes, options)
  let requests = 0
  let comparedAt = Number.NEGATIVE_INFINITY
  let comparing: Promise<void> | undefined

  const compareAll = async () => {
    requests += nodes.length
    const heights = await readHeights(nodes, { signal })
    if (signal.aborted) return
    roster.compare(heights)
    await Promise.all(
      roster.toTry().map(async (node) => {
        requests += 2
        roster.tried(node, await tellsResults(node, { signal }))
      }),
    )
    comparedAt = performance.now()
  }
  return Object.freeze({
    async ask(read) {
      requests += 1
      const node = roster.followed()
      try {
        const value = await read(node, { signal })
        roster.answered(node)
        return value
      } catch (thrown) {
        const isAway = isSignerError(thrown, 'ACCESS_NODE_UNREACHABLE')
        if (isAway && !signal.aborted) roster.leave(node, 'unreachable')
        throw thrown
      }
    },
    followed: roster.followed,
    others: roster.others,
    unable: () => roster.leave(roster.followed(), 'unable'),
    away: (node) => void roster.leave(node, 'unreachable'),
    async compare() {
      if (nodes.length === 1 || performance.now() - comparedAt < compareMs) return
      comparing ??= compareAll().finally(() => {
        comparing = undefined
      })
      await comparing
    },
    requests: () => requests,
  } satisfies FollowedNodes)
}
