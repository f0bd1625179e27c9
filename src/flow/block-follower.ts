/** Follows the chain by its blocks: one request tells what all transactions of a block became. @module */

import { hexToBytes } from '../crypto/hex.ts'
import { abortable } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import { doubling, retrying } from '../retry.ts'
import type { Block } from './access-node.ts'
import { type Ask, type Backwards, createChainHead } from './block-head.ts'
import type { BlockHeader } from './block-headers.ts'
import { createBlockMemory } from './block-memory.ts'
import { createBlockReader } from './block-reader.ts'
import { createWatchList, type WatchListener, type WatchRequest } from './block-watch.ts'
import type { NodeConnection } from './http.ts'
import { createListeners } from './listeners.ts'
import { createPollLoop } from './poll-loop.ts'
import {
  createBlockSocket,
  platformWebSocket,
  type WebSocketConstructor,
} from './web-socket-blocks.ts'

/** While blocks come by themselves it is asked for more only after so long, in milliseconds. */
const QUIET_MS = 1_500

/** Blocks that a reference block may be old. @see flow-go model/flow/constants.go. */
const MAX_AGE = 600

/** Something that an operator may want to know; following goes on. */
export type FollowerReport =
  | { readonly kind: 'retry'; readonly error: unknown; readonly failures: number }
  /** The node does not tell the results of this sealed block: transactions are asked for one by one. */
  | { readonly kind: 'singles'; readonly height: number }
  /** Blocks do not come by WebSocket, or not any more: they are asked for. */
  | { readonly kind: 'socket-lost'; readonly reason: string; readonly failures: number }
  | { readonly kind: 'listener-failed'; readonly error: unknown }

/** Options of `createBlockFollower`. */
export type BlockFollowerOptions = {
  /** The first is followed as long as it answers, then the next. */
  readonly nodes: readonly [NodeConnection, ...NodeConnection[]]
  /** Milliseconds from one look at the chain to the next. Default 250. */
  readonly pollMs?: number
  readonly onReport?: (report: FollowerReport) => void
  /** What blocks may come by; default the platform's own. `false` only asks. */
  readonly webSocket?: WebSocketConstructor | false
}

/** How far the chain is known. */
export type ChainProgress = {
  readonly finalizedHeight: number
  /** Known to be sealed, and perhaps not the latest; 0 until one is known. */
  readonly sealedHeight: number
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
  /** The node that answered last. */
  readonly node: () => NodeConnection
  /** Stops at once; waiting `wake` calls reject. May be called twice. */
  readonly close: () => void
}

/**
 * Makes no call itself.
 *
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function createBlockFollower(options: BlockFollowerOptions): BlockFollower {
  assertKnownKeys(options, ['nodes', 'pollMs', 'onReport', 'webSocket'])
  const { nodes, pollMs = 250, onReport, webSocket = platformWebSocket() ?? false } = options
  assertTimeout('pollMs', pollMs)
  const reports = createListeners<FollowerReport>(() => undefined)
  if (onReport !== undefined) reports.add(onReport)
  const closing = new AbortController()
  let requests = 0
  let retries = 0
  let waking: Promise<BlockHeader> | undefined

  const [firstNode] = nodes
  let current = 0
  const node = () => nodes[current % nodes.length] ?? firstNode

  const ask: Ask = async (read) => {
    requests += 1
    const asked = current
    try {
      return await read(node(), { signal: closing.signal })
    } catch (thrown) {
      // Several requests may fail together: they move on by one node.
      if (isSignerError(thrown, 'ACCESS_NODE_UNREACHABLE') && asked === current) current += 1
      throw thrown
    }
  }
  const listenerFailed = (error: unknown) => reports.tell({ kind: 'listener-failed', error })
  const blockListeners = createListeners<ChainProgress>(listenerFailed)
  const backwardsListeners = createListeners<Backwards>(listenerFailed)
  const memory = createBlockMemory()
  const list = createWatchList(memory, listenerFailed)
  const tellProgress = () => {
    const finalizedHeight = memory.highest()
    if (finalizedHeight !== undefined)
      blockListeners.tell({ finalizedHeight, sealedHeight: reader.sealedHeight() })
  }
  const head = createChainHead({
    ask,
    memory,
    onHead: tellProgress,
    onBackwards(change) {
      reader.forget()
      // Where no block is known to stand, what is watched may be in any of those since the chain went
      // back; none is older than a reference block can be.
      list.searchAgainFrom(change.commonHeight ?? Math.max(0, change.height - MAX_AGE))
      backwardsListeners.tell(change)
    },
  })
  const reader = createBlockReader({
    ask,
    memory,
    list,
    head,
    sealedPollMs: 2 * pollMs,
    onSealed: tellProgress,
    onSingles: (height) => reports.tell({ kind: 'singles', height }),
  })
  const retry = (error: unknown, failures: number) => {
    retries += 1
    reports.tell({ kind: 'retry', error, failures })
  }
  const headAgeMs = () => performance.now() - (head.latest()?.at ?? Number.NEGATIVE_INFINITY)
  const socket =
    webSocket === false
      ? undefined
      : createBlockSocket({
          url: firstNode.url,
          webSocket,
          onHeader: (header) =>
            head.take(header).then(
              () => loop.hurry(),
              (thrown) => retry(thrown, 1),
            ),
          onLost(reason, failures) {
            reports.tell({ kind: 'socket-lost', reason, failures })
            loop.hurry()
          },
        })
  const isFresh = () => headAgeMs() <= (socket?.isLive() ? QUIET_MS : pollMs)
  const look = async (): Promise<number> => {
    // A socket is not worth its while for a single transaction.
    if (loop.runsMs() > 4 * pollMs) socket?.start()
    // While a block is waited for there is little use in hearing of more.
    const behind = reader.isBehind() && headAgeMs() < 2 * pollMs
    const heard = socket?.isLive() === true && isFresh()
    if (!behind && !heard && headAgeMs() > pollMs / 2) await head.refresh()
    if (await reader.read()) return 0
    const idle = heard && !reader.isBehind() && !list.awaitsSeal()
    return idle ? QUIET_MS : pollMs
  }
  const loop = createPollLoop({
    isNeeded: () => list.size() > 0 && !closing.signal.aborted,
    look,
    pollMs,
    onFailure: retry,
    onEnd: () => socket?.stop(),
  })
  const refreshed = () =>
    retrying(
      {
        totalTimeoutMs: firstNode.timeoutMs,
        signal: closing.signal,
        pauseMs(thrown, attempts) {
          retry(thrown, attempts)
          const again = isSignerError(thrown, 'ACCESS_NODE_UNREACHABLE')
          return again ? doubling(100, 1_000, attempts) : undefined
        },
        finalError: (thrown) => thrown,
      },
      () => head.refresh(),
    )
  return Object.freeze({
    async wake(signal) {
      closing.signal.throwIfAborted()
      signal?.throwIfAborted()
      const latest = head.latest()
      if (latest !== undefined && isFresh()) return blockOf(latest.header)
      waking ??= refreshed().finally(() => {
        waking = undefined
      })
      return blockOf(await abortable(waking, signal))
    },
    watch(request, listener) {
      closing.signal.throwIfAborted()
      assertRequest(request)
      const stop = list.add(request, listener)
      loop.start()
      return () => {
        stop()
        if (list.size() === 0) loop.hurry()
      }
    },
    node,
    onBlock: blockListeners.add,
    onBackwards: backwardsListeners.add,
    stats: () => ({
      requests,
      blocksRead: reader.blocksRead(),
      watched: list.size(),
      finalizedHeight: memory.highest(),
      sealedHeight: reader.sealedHeight(),
      retries,
    }),
    close() {
      list.clear()
      socket?.stop()
      blockListeners.clear()
      backwardsListeners.clear()
      closing.abort(
        new SignerError('INVALID_OPTION', { option: 'blockFollower', reason: 'it is closed' }),
      )
      loop.hurry()
    },
  } satisfies BlockFollower)
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
