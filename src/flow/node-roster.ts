/** Which of the access nodes is followed: the first in the list that works. @module */

import { shownNode } from '../errors.ts'
import { doubling } from '../retry.ts'
import type { NodeConnection } from './node-connection.ts'

/**
 * Why a node is left.
 * - `unreachable`: it does not answer.
 * - `unable`: it answers with something else, or does not tell the results of blocks.
 * - `stale`: its latest block is far below that of another node.
 * - `frozen`: the same, and it has not moved since it was looked at before.
 */
export type LeftReason = 'unreachable' | 'unable' | 'stale' | 'frozen'

/** A node is left for another one, or works again. */
export type NodeNews =
  | { readonly kind: 'node-left'; readonly accessNode: string; readonly reason: LeftReason }
  | { readonly kind: 'node-back'; readonly accessNode: string }

/** What a node said when all were asked: how far it is, or why it cannot tell. */
export type NodeHeight = {
  readonly node: NodeConnection
  readonly height: number | 'unreachable' | 'unable'
}

/** Blocks that a node may be behind the best: others behind a balancer are, by a few. */
const MAX_BEHIND = 20
/** Comparisons in a row that must say so: a reply may have been slow. */
const MAX_TIMES_BEHIND = 2
/** Until a node that was left is looked at again, in milliseconds: each time longer, up to the last. */
const FIRST_REST_MS = 1_000
const LONGEST_REST_MS = 60_000
/** After so long without a fault the rests begin anew, in milliseconds. */
const FORGIVEN_MS = 600_000
/** Where none works, what is worse to follow: of those that are unable, single transactions are read. */
const badness: Readonly<Record<LeftReason, number>> = {
  unable: 1,
  stale: 2,
  frozen: 3,
  unreachable: 4,
}

/** The nodes in their order, and what is known of each. */
export type NodeRoster = {
  readonly followed: () => NodeConnection
  /** The others, in the order in which they should be asked: those that work first. */
  readonly others: () => readonly NodeConnection[]
  /** Without another node it stays: there is nowhere to go. @returns Whether another is followed. */
  readonly leave: (node: NodeConnection, reason: LeftReason) => boolean
  /**
   * It answered what it was asked. Of one that was left this counts only while it is followed, because no
   * other works: what it was asked before comes late, and says nothing of now.
   */
  readonly answered: (node: NodeConnection) => void
  /** Leaves those that are behind, and takes back those that are not any more. */
  readonly compare: (heights: readonly NodeHeight[]) => void
  /** Left as unable so long ago that it may be tried again. */
  readonly toTry: () => readonly NodeConnection[]
  /** It was tried. */
  readonly tried: (node: NodeConnection, isAble: boolean) => void
}

type Standing = {
  readonly node: NodeConnection
  left: LeftReason | undefined
  /** How often it was left. */
  leaves: number
  /** When it was left last, and when it may be taken back, by the clock. */
  leftAt: number
  backAt: number
  /** When all were asked last. */
  height: NodeHeight['height'] | undefined
  timesBehind: number
}

/**
 * Asks nobody itself.
 *
 * @param told - `onSwitch`: another node is followed. Neither may throw.
 * @param now - Milliseconds.
 */
export function createNodeRoster(
  nodes: readonly [NodeConnection, ...NodeConnection[]],
  told: { readonly onNews: (news: NodeNews) => void; readonly onSwitch: () => void },
  now: () => number = () => performance.now(),
): NodeRoster {
  const { onNews, onSwitch } = told
  const standings = nodes.map((node): Standing => {
    const times = { leftAt: Number.NEGATIVE_INFINITY, backAt: 0 }
    return { node, left: undefined, leaves: 0, height: undefined, timesBehind: 0, ...times }
  })
  let followed = nodes[0]
  const standingOf = ({ url }: NodeConnection) => standings.find(({ node }) => node.url === url)
  const choose = () => {
    const before = followed
    followed = chosen(standings, followed)
    if (followed !== before) onSwitch()
  }
  const leave = (node: NodeConnection, reason: LeftReason): boolean => {
    const standing = standingOf(node)
    if (standing === undefined || nodes.length === 1) return false
    const before = followed
    if (standing.left === undefined) {
      standing.leaves = now() - standing.leftAt > FORGIVEN_MS ? 1 : standing.leaves + 1
      onNews({ kind: 'node-left', accessNode: shownNode(node.url), reason })
    }
    standing.left = reason
    standing.leftAt = now()
    standing.backAt = now() + doubling(FIRST_REST_MS, LONGEST_REST_MS, standing.leaves)
    if (node.url === followed.url) choose()
    return followed !== before
  }
  const takeBack = (standing: Standing) => {
    standing.left = undefined
    onNews({ kind: 'node-back', accessNode: shownNode(standing.node.url) })
    choose()
  }
  return Object.freeze({
    followed: () => followed,
    others() {
      const all = standings.filter(({ node }) => node !== followed)
      return all
        .toSorted((a, b) => Number(a.left !== undefined) - Number(b.left !== undefined))
        .map(({ node }) => node)
    },
    leave,
    answered(node) {
      const standing = standingOf(node)
      if (standing?.left === 'unreachable' && standing.node === followed) takeBack(standing)
    },
    compare(heights) {
      const best = Math.max(0, ...heights.map(({ height }) => Number(height) || 0))
      for (const { node, height } of heights) {
        const standing = standingOf(node)
        if (standing === undefined) continue
        const moved = height !== standing.height
        const isBehind = typeof height === 'number' && height < best - MAX_BEHIND
        standing.height = height
        standing.timesBehind = isBehind ? standing.timesBehind + 1 : 0
        if (typeof height === 'string') leave(node, height)
        else if (isBehind && standing.timesBehind >= MAX_TIMES_BEHIND)
          leave(node, moved ? 'stale' : 'frozen')
        else if (isBehind) continue
        else if (
          standing.left !== undefined &&
          standing.left !== 'unable' &&
          now() >= standing.backAt
        )
          takeBack(standing)
      }
    },
    toTry: () =>
      standings
        .filter(({ left, backAt }) => left === 'unable' && now() >= backAt)
        .map(({ node }) => node),
    tried(node, isAble) {
      const standing = standingOf(node)
      if (standing?.left !== 'unable') return
      if (isAble) takeBack(standing)
      else standing.backAt = now() + LONGEST_REST_MS
    },
  } satisfies NodeRoster)
}

/** The first that works. Where none does, the least bad; the unreachable ones take turns. */
function chosen(standings: readonly Standing[], followed: NodeConnection): NodeConnection {
  const rankOf = ({ left }: Standing) => (left === undefined ? 0 : badness[left])
  const best = Math.min(...standings.map(rankOf))
  const equal = standings.filter((one) => rankOf(one) === best)
  if (best > 0 && best < badness.unreachable) {
    const kept = equal.find(({ node }) => node === followed)
    if (kept !== undefined) return followed
  }
  if (best < badness.unreachable) return equal[0]?.node ?? followed
  const index = equal.findIndex(({ node }) => node === followed)
  return equal[(index + 1) % equal.length]?.node ?? followed
}
