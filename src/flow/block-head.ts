/** The latest finalized block, and whether it still stands on the blocks that were seen before. @module */

import { isSignerError } from '../errors.ts'
import { createSerial } from '../serial.ts'
import { commonHeight, isLagging, type ReadHeader, standsOn } from './block-ancestry.ts'
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
  const turns = createSerial() // each compares with what the one before left
  let latest: { readonly header: BlockHeader; readonly at: number } | undefined
  let refreshing: Promise<BlockHeader> | undefined
  /** The newest block that was taken for one of this chain. */
  let newest: BlockHeader | undefined
  let doubts = 0
  let epoch = 0

  const readHeader: ReadHeader = async (height) => {
    const range = { from: height, to: height }
    const [header] = (await ask((node, one) => readBlockHeaders(node, range, one))) ?? []
    return header
  }
  const readLatest = () => ask((node, { signal }) => readLatestHeader(node, 'final', { signal }))
  const goBack = async (told: BlockHeader) => {
    const previousHeight = memory.highest() ?? told.height
    const common = await commonHeight(memory, Math.min(told.height, previousHeight), readHeader)
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
    if (newest !== undefined && isLagging(memory, told, newest)) {
      latest = { header: newest, at } // a transaction had better not refer to the older one
      return
    }
    const stands = await standsOn(memory, told, readHeader)
    doubts = stands === undefined ? doubts + 1 : 0
    if (stands === false || doubts >= MAX_DOUBTS) await goBack(told)
    latest = { header: told, at }
    const highest = memory.highest()
    if (stands === undefined || (highest !== undefined && highest >= told.height)) return
    newest = told
    memory.remember(told.height, told.id)
    options.onHead()
  }
  const refresh = async () => {
    const told = await readLatest()
    await reconcile(told)
    return latest?.header ?? told
  }
  return Object.freeze({
    latest: () => latest,
    epoch: () => epoch,
    refresh() {
      refreshing ??= turns.run(refresh).finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    take: (header) => turns.run(() => reconcile(header)),
    goneBack: () => turns.run(async () => goBack(await readLatest())),
  } satisfies ChainHead)
}

/** Whether the node answered, but with something else. */
export const isInvalidReply = (thrown: unknown): boolean =>
  isSignerError(thrown, 'ACCESS_NODE_REPLY_INVALID')
