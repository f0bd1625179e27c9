/** The latest finalized block, and whether it still stands on the blocks that were seen before. @module */

import { isSignerError } from '../errors.ts'
import { type BlockHeader, readBlockHeaders, readLatestHeader } from './block-headers.ts'
import type { BlockMemory } from './block-memory.ts'
import type { NodeConnection } from './http.ts'

/** Asks the node once; the caller counts, and gives up on closing. */
export type Ask = <T>(
  read: (node: NodeConnection, options: { readonly signal: AbortSignal }) => Promise<T>,
) => Promise<T>

/** The chain went back, as it does when an emulator is rolled back or started anew. */
export type Backwards = {
  /** The finalized height that the node tells now. */
  readonly height: number
  /** The highest block that was seen before. */
  readonly previousHeight: number
  /** The highest block seen before that still stands; `undefined` when none does. */
  readonly commonHeight: number | undefined
}

/** The head of the chain as the node tells it. */
export type ChainHead = {
  /** What the node told last and when, by `performance.now()`. */
  readonly latest: () => { readonly header: BlockHeader; readonly at: number } | undefined
  /** Asks for the latest finalized block; callers at the same time share one request. */
  readonly refresh: () => Promise<BlockHeader>
  /** Takes a block that came by itself. */
  readonly take: (header: BlockHeader) => Promise<void>
  /** A remembered block is gone. */
  readonly goneBack: () => Promise<void>
  /** Counts how often the chain went back: what was asked before is worth nothing after. */
  readonly epoch: () => number
}

/** As often the node must deny what is remembered: one of many behind a balancer may lag. */
const MAX_DOUBTS = 3

/**
 * A block that is lower and older than the newest one is of a node that lags, and is ignored; one that
 * is lower and newer shows that the chain went back.
 *
 * @param onHead - Told when the highest known block changes.
 */
export function createChainHead(options: {
  readonly ask: Ask
  readonly memory: BlockMemory
  readonly onHead: () => void
  readonly onBackwards: (change: Backwards) => void
}): ChainHead {
  const { ask, memory } = options
  let latest: { readonly header: BlockHeader; readonly at: number } | undefined
  let refreshing: Promise<BlockHeader> | undefined
  let last: Promise<unknown> = Promise.resolve()
  /** The newest block that was taken for one of this chain. */
  let newest: BlockHeader | undefined
  let doubts = 0
  let epoch = 0

  const headersAt = (from: number, to: number) =>
    ask((node, { signal }) => readBlockHeaders(node, { from, to }, { signal }))

  /** `undefined`: it cannot be told from what this node has. */
  const standsOnMemory = async (told: BlockHeader): Promise<boolean | undefined> => {
    const highest = memory.highest()
    if (highest === undefined) return true
    const known = memory.idAt(told.height)
    if (known !== undefined) return known === told.id
    // Lower, newer and not remembered: the chain has begun anew.
    if (told.height < highest) return false
    if (told.height === highest + 1) return told.parentId === memory.idAt(highest)
    const height = memory.highestUpTo(told.height)
    const [header] = height === undefined ? [] : ((await headersAt(height, height)) ?? [])
    return header && header.id === memory.idAt(header.height)
  }
  /** By bisection, one block at a time: a rolled back emulator has holes, and lists no range over one. */
  const commonHeight = async (top: number): Promise<number | undefined> => {
    const heights = memory.heights().filter((height) => height <= top)
    let standing = 0 // that many of them do
    for (let end = heights.length; standing < end; ) {
      const middle = Math.floor((standing + end) / 2)
      const height = heights[middle] ?? 0
      const [header] = (await headersAt(height, height)) ?? []
      if (header?.id === memory.idAt(height)) standing = middle + 1
      else end = middle
    }
    return heights[standing - 1]
  }
  const goBack = async (told: BlockHeader) => {
    const previousHeight = memory.highest() ?? told.height
    const common = await commonHeight(Math.min(told.height, previousHeight))
    memory.forget()
    memory.remember(told.height, told.id)
    newest = told
    epoch += 1
    doubts = 0
    options.onBackwards({ height: told.height, previousHeight, commonHeight: common })
    options.onHead()
  }
  const reconcile = async (told: BlockHeader) => {
    const at = performance.now()
    if (newest !== undefined && isLagging(told, newest)) {
      latest = { header: newest, at } // a transaction had better not refer to the older one
      return
    }
    const stands = await standsOnMemory(told)
    doubts = stands === undefined ? doubts + 1 : 0
    if (stands === false || doubts >= MAX_DOUBTS) await goBack(told)
    latest = { header: told, at }
    const highest = memory.highest()
    if (stands === undefined || (highest !== undefined && highest >= told.height)) return
    newest = told
    memory.remember(told.height, told.id)
    options.onHead()
  }
  /** A lower block that is older too: of one among many nodes behind a balancer. */
  const isLagging = (told: BlockHeader, known: BlockHeader): boolean => {
    if (told.height > known.height || told.id === known.id) return false
    const remembered = memory.idAt(told.height)
    if (remembered !== undefined) return remembered === told.id
    return told.timestamp <= known.timestamp
  }
  /** One after another: each compares with what the one before left. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = last.then(run, run)
    last = result.catch(() => undefined)
    return result
  }
  const readLatest = () =>
    inTurn(async () => {
      const told = await ask((node, { signal }) => readLatestHeader(node, 'final', { signal }))
      await reconcile(told)
      return latest?.header ?? told
    })
  return Object.freeze({
    latest: () => latest,
    epoch: () => epoch,
    refresh() {
      refreshing ??= readLatest().finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    take: (header) => inTurn(() => reconcile(header)),
    goneBack: () =>
      inTurn(async () => {
        await goBack(await ask((node, { signal }) => readLatestHeader(node, 'final', { signal })))
      }),
  } satisfies ChainHead)
}

/** Whether the node answered, but with something else. */
export const isInvalidReply = (thrown: unknown): boolean =>
  isSignerError(thrown, 'ACCESS_NODE_REPLY_INVALID')
