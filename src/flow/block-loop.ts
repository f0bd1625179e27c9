/** Looks for new blocks while something is watched. @module */

import { SignerError } from '../errors.ts'
import { createLoop } from '../loop.ts'
import { doubling } from '../retry.ts'
import type { BlockFeed } from './block-feed.ts'
import { createBlockSilence } from './block-silence.ts'
import type { FollowedNodes } from './followed-nodes.ts'
import { createFollowedSocket } from './followed-socket.ts'
import type { FollowerReport } from './follower-report.ts'
import type { WebSocketConstructor } from './web-socket-blocks.ts'

/** While blocks come by themselves it is asked for more only after so long, in milliseconds. */
const QUIET_MS = 1_500
/** The longest pause after errors, in milliseconds. */
const MAX_PAUSE_MS = 10_000

/** What looks. */
export type BlockLoop = {
  readonly start: () => void
  /** There is something new, or nothing left to look for. */
  readonly wake: () => void
  /** Another node is followed. */
  readonly move: () => void
  /** At once, for good. */
  readonly stop: () => void
  /** Whether the head was told within one poll. */
  readonly isFresh: () => boolean
}

/** @param retry - Told what a look threw, and how many did in a row. */
export function createBlockLoop(options: {
  readonly feed: BlockFeed
  readonly followed: FollowedNodes
  readonly pollMs: number
  readonly silentMs: number
  readonly webSocket: WebSocketConstructor | false
  readonly signal: AbortSignal
  readonly retry: (error: unknown, failures: number) => void
  readonly tell: (report: FollowerReport) => void
}): BlockLoop {
  const { feed, followed, pollMs, signal, retry, tell } = options
  const { head, reader, list } = feed
  const headAgeMs = () => performance.now() - (head.latest()?.at ?? Number.NEGATIVE_INFINITY)
  const isFresh = () => headAgeMs() <= (socket.isLive() ? QUIET_MS : pollMs)
  const silence = createBlockSilence(options.silentMs, (height, quietMs) => {
    const accessNode = followed.followed().url
    const error = new SignerError('ACCESS_NODE_STALE', { accessNode, height, quietMs })
    tell({ kind: 'silent', error })
  })
  const socket = createFollowedSocket({
    webSocket: options.webSocket,
    followed: followed.followed,
    onHeader: (header) =>
      head.take(header).then(
        () => loop.wake(),
        (thrown) => retry(thrown, 1),
      ),
    onLost(reason, failures) {
      tell({ kind: 'socket-lost', reason, failures })
      loop.wake()
    },
  })
  const look = async (): Promise<number> => {
    void followed.compare()
    // A socket is not worth its while for a single transaction.
    if (loop.runsMs() > 4 * pollMs) socket.start()
    // While a block is waited for there is little use in hearing of more.
    const behind = reader.isBehind() && headAgeMs() < 2 * pollMs
    const heard = socket.isLive() && isFresh()
    if (!behind && !heard && headAgeMs() > pollMs / 2) await head.refresh()
    silence.note(feed.memory.highest())
    if (await reader.read()) return 0
    const idle = heard && !reader.isBehind() && !list.awaitsSeal()
    return idle ? QUIET_MS : pollMs
  }
  const loop = createLoop({
    turn: look,
    isNeeded: () => list.size() > 0 && !signal.aborted,
    onFailure(thrown, failures) {
      if (list.size() > 0 && !signal.aborted) retry(thrown, failures)
      return doubling(pollMs, Math.max(pollMs, MAX_PAUSE_MS), failures)
    },
    onEnd() {
      socket.stop()
      silence.forget()
    },
  })
  return Object.freeze({
    start: loop.start,
    wake: loop.wake,
    move: socket.move,
    stop() {
      socket.stop()
      loop.stop()
    },
    isFresh,
  } satisfies BlockLoop)
}
