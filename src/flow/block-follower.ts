/** Follows the chain by its blocks: one request tells what all transactions of a block became. @module */

import { hexToBytes } from '../crypto/hex.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import type { Block } from './access-node.ts'
import { type ChainProgress, createBlockFeed } from './block-feed.ts'
import type { Backwards } from './block-head.ts'
import type { BlockHeader } from './block-headers.ts'
import { createBlockLoop } from './block-loop.ts'
import type { WatchListener, WatchRequest } from './block-watch.ts'
import { createFollowedNodes } from './followed-nodes.ts'
import type { FollowerReport } from './follower-report.ts'
import { createHeadWaker } from './head-waker.ts'
import type { NodeConnection } from './http.ts'
import { createListeners } from './listeners.ts'
import { assertDistinctNodes } from './node-connection.ts'
import { platformWebSocket, type WebSocketConstructor } from './web-socket-blocks.ts'

export type { ChainProgress, FollowerReport }

/** The least time from one comparison of the nodes to the next, in milliseconds. */
const MIN_COMPARE_MS = 500
/** The least time without a new block that is told, in milliseconds. */
const MIN_SILENT_MS = 10_000

/** Options of `createBlockFollower`. */
export type BlockFollowerOptions = {
  /** The first that works is followed, and compared with the others now and then. */
  readonly nodes: readonly [NodeConnection, ...NodeConnection[]]
  /** Those of the nodes that did not answer before: left from the start, as unreachable. */
  readonly away?: readonly NodeConnection[]
  /** Milliseconds from one look at the chain to the next. Default 250. */
  readonly pollMs?: number
  readonly onReport?: (report: FollowerReport) => void
  /** What blocks may come by; default the platform's own. `false` only asks. */
  readonly webSocket?: WebSocketConstructor | false
  /** Milliseconds without a new block that are told. Default 120 polls, at least 10,000. */
  readonly silentMs?: number
}

/** What was done so far. */
export type FollowerStats = {
  readonly requests: number
  readonly blocksRead: number
  /** Transactions. */
  readonly watched: number
  readonly finalizedHeight: number | undefined
  readonly sealedHeight: number
  readonly retries: number
}

/** Makes requests only while something is watched or somebody waits for `wake`. */
export type BlockFollower = {
  /**
   * @returns A finalized block not much older than one poll, to refer to; callers share requests.
   * @throws {SignerError} The `ACCESS_NODE_…` codes; `INVALID_OPTION` once it is closed.
   */
  readonly wake: (signal?: AbortSignal) => Promise<Block>
  /**
   * The listener is told `executed` when a finalized block holds the transaction and `sealed` when
   * that block is sealed, each once, and `sealed` alone when it is sealed by then. The process
   * stays alive meanwhile.
   *
   * @returns Stops watching.
   * @throws {SignerError} `INVALID_OPTION`.
   */
  readonly watch: (request: WatchRequest, listener: WatchListener) => () => void
  /** Told of each step while it follows. Does not make it follow. @returns Stops telling. */
  readonly onBlock: (listener: (progress: ChainProgress) => void) => () => void
  /** What is watched stays watched. @returns Stops telling. */
  readonly onBackwards: (listener: (change: Backwards) => void) => () => void
  readonly stats: () => FollowerStats
  /** The node that is followed. */
  readonly node: () => NodeConnection
  /** The others, in the order in which they should be asked for a second opinion. */
  readonly others: () => readonly NodeConnection[]
  /** Stops at once; waiting `wake` calls reject. May be called twice. */
  readonly close: () => void
}

/**
 * Makes no call itself.
 *
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function createBlockFollower(options: BlockFollowerOptions): BlockFollower {
  const closing = new AbortController()
  const { followed, feed, blocks, wake, retries } = assemble(checked(options), closing.signal)
  const { list, memory, reader } = feed
  for (const node of options.away ?? []) followed.away(node)
  return Object.freeze({
    async wake(signal) {
      closing.signal.throwIfAborted()
      signal?.throwIfAborted()
      void followed.compare()
      return blockOf(await wake(signal))
    },
    watch(request, listener) {
      closing.signal.throwIfAborted()
      assertRequest(request)
      const stop = list.add(request, listener)
      blocks.start()
      return () => {
        stop()
        if (list.size() === 0) blocks.wake()
      }
    },
    node: followed.followed,
    others: followed.others,
    onBlock: feed.onBlock.add,
    onBackwards: feed.onBackwards.add,
    stats: () => ({
      requests: followed.requests(),
      blocksRead: reader.blocksRead(),
      watched: list.size(),
      finalizedHeight: memory.highest(),
      sealedHeight: reader.sealedHeight(),
      retries: retries(),
    }),
    close() {
      list.clear()
      feed.onBlock.clear()
      feed.onBackwards.clear()
      closing.abort(
        new SignerError('INVALID_OPTION', { option: 'blockFollower', reason: 'it is closed' }),
      )
      blocks.stop()
    },
  } satisfies BlockFollower)
}

/** The parts, each told of what the others meet. */
function assemble(options: ReturnType<typeof checked>, signal: AbortSignal) {
  const { nodes, pollMs, silentMs, webSocket, onReport } = options
  const { tell, add } = createListeners<FollowerReport>(() => undefined)
  if (onReport !== undefined) add(onReport)
  let retries = 0
  const retry = (error: unknown, failures: number) => {
    retries += 1
    tell({ kind: 'retry', error, failures })
  }
  const followed = createFollowedNodes({
    nodes,
    compareMs: Math.max(MIN_COMPARE_MS, 8 * pollMs),
    signal,
    onNews: tell,
    onSwitch() {
      feed.reader.useBlocks()
      blocks.move()
    },
  })
  const feed = createBlockFeed({
    ask: followed.ask,
    pollMs,
    onUnable(height) {
      const isAnother = followed.unable()
      if (!isAnother) tell({ kind: 'singles', height })
      return isAnother
    },
    onListenerError: (error) => tell({ kind: 'listener-failed', error }),
  })
  const shared = { feed, followed, pollMs, silentMs, webSocket, signal, retry, tell }
  const blocks = createBlockLoop(shared)
  const { isFresh } = blocks
  const wake = createHeadWaker({ nodes, head: feed.head, signal, isFresh, retry })
  return { followed, feed, blocks, wake, retries: () => retries }
}

function checked(options: BlockFollowerOptions) {
  assertKnownKeys(options, ['nodes', 'away', 'pollMs', 'onReport', 'webSocket', 'silentMs'])
  const { pollMs = 250, webSocket = platformWebSocket() ?? false } = options
  assertTimeout('pollMs', pollMs)
  assertDistinctNodes('nodes', options.nodes)
  const { silentMs = Math.max(MIN_SILENT_MS, 120 * pollMs) } = options
  return { ...options, pollMs, webSocket, silentMs }
}

function blockOf({ id, height, timestamp }: BlockHeader): Block {
  return { id: hexToBytes(id, 'block id'), height, timestamp }
}

function assertRequest({ transactionId, fromHeight }: WatchRequest): void {
  const fault = !/^[0-9a-f]{64}$/.test(transactionId)
    ? { option: 'transactionId', reason: 'it is not 64 lower-case hexadecimal digits' }
    : Number.isSafeInteger(fromHeight) && fromHeight >= 0
      ? undefined
      : { option: 'fromHeight', reason: 'it is not a whole number from 0 up' }
  if (fault !== undefined) throw new SignerError('INVALID_OPTION', fault)
}
