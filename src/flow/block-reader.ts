/** Reads what watched transactions became: block by block, or one by one where that fails. @module */

import { type Ask, type ChainHead, isInvalidReply } from './block-head.ts'
import { readBlockHeaders, readLatestHeader } from './block-headers.ts'
import type { BlockMemory } from './block-memory.ts'
import { type BlockResults, readBlockResults } from './block-results.ts'
import type { WatchList } from './block-watch.ts'
import { readSingleResult } from './transaction-outcome.ts'

/** Requests under way at once. */
const MAX_PARALLEL = 8
/** After as many vain requests it is asked whether the block is sealed. */
const PATIENT_ASKS = 8
/** A node that does not tell the results of a sealed block as often never will. */
const MAX_SEALED_ASKS = 5
/** How long single transactions are asked for before blocks are tried again, in milliseconds. */
const SINGLES_MS = 60_000

/** Brings the watched transactions up to the head. */
export type BlockReader = {
  /** @returns Whether there is more to read at once. */
  readonly read: () => Promise<boolean>
  readonly isBehind: () => boolean
  readonly blocksRead: () => number
  /** The highest block known to be sealed; 0 until one is. */
  readonly sealedHeight: () => number
  readonly forget: () => void
}

/**
 * Blocks are told in the order of their heights; one that is not executed yet is never passed over.
 *
 * @param sealedPollMs - The least time from one question for the sealed height to the next.
 * @param onSingles - Told when the node does not tell the results of blocks.
 */
export function createBlockReader(options: {
  readonly ask: Ask
  readonly memory: BlockMemory
  readonly list: WatchList
  readonly head: ChainHead
  readonly sealedPollMs: number
  readonly onSealed: () => void
  readonly onSingles: (height: number) => void
}): BlockReader {
  const { ask, memory, list, head } = options
  let blocksRead = 0
  let width = 1
  let sealed = { height: 0, at: performance.now() }
  let vain = { height: -1, asks: 0, sealedAsks: 0 }
  let singlesUntil = 0
  let turn = 0

  const isBehind = () => (list.nextHeight() ?? Number.POSITIVE_INFINITY) <= (memory.highest() ?? -1)

  const refreshSealed = async () => {
    const epoch = head.epoch()
    const { height } = await ask((node, { signal }) => readLatestHeader(node, 'sealed', { signal }))
    if (epoch !== head.epoch()) return
    sealed = { ...sealed, at: performance.now() }
    noteSealed(height)
  }
  const noteSealed = (height: number) => {
    if (height <= sealed.height) return
    sealed = { ...sealed, height }
    options.onSealed()
  }
  const countVain = async (height: number) => {
    if (vain.height !== height) vain = { height, asks: 0, sealedAsks: 0 }
    vain.asks += 1
    if (vain.asks < PATIENT_ASKS) return
    await refreshSealed()
    if (sealed.height < height) return
    vain.sealedAsks += 1
    if (vain.sealedAsks < MAX_SEALED_ASKS) return
    singlesUntil = performance.now() + SINGLES_MS
    vain = { height: -1, asks: 0, sealedAsks: 0 }
    options.onSingles(height)
  }
  /** Ends at the first block that is not executed; the ones after it are asked for again. */
  const readHeights = async (heights: readonly number[]): Promise<boolean> => {
    const epoch = head.epoch()
    const replies = await Promise.allSettled(
      heights.map((height) =>
        ask((node, { signal }) => readBlockResults(node, height, { signal })),
      ),
    )
    for (const [index, reply] of replies.entries()) {
      if (epoch !== head.epoch()) return true
      try {
        if (reply.status === 'rejected') throw reply.reason
        if (reply.value !== undefined) await applyBlock(reply.value)
        else {
          await countVain(heights[index] ?? -1)
          return false
        }
      } catch (thrown) {
        if (isInvalidReply(thrown)) await countVain(heights[index] ?? -1)
        throw thrown
      }
    }
    return true
  }
  const applyBlock = async (block: BlockResults) => {
    const known = memory.idAt(block.height)
    if (known !== undefined && known !== block.blockId) return head.goneBack()
    list.apply(block)
    blocksRead += 1
    if (block.sealed) noteSealed(block.height)
  }
  const readNext = async (): Promise<boolean> => {
    const next = list.nextHeight()
    const highest = memory.highest()
    if (next === undefined || highest === undefined || next > highest) return false
    const count = Math.min(width, highest - next + 1)
    const heights = Array.from({ length: count }, (_, index) => next + index)
    const unread = heights.filter((height) => memory.transactionsAt(height) === undefined)
    width = 1 // a block that is not executed yet is asked for alone
    const whole = await readHeights(unread)
    if (whole) width = Math.min(MAX_PARALLEL, count * 2)
    return whole && isBehind()
  }
  const readSingle = async (transactionId: string) => {
    const epoch = head.epoch()
    const result = await ask((node, { signal }) =>
      readSingleResult(node, transactionId, { signal }),
    )
    if (result.kind !== 'executed') return
    const { blockId } = result
    const known = memory.heightOf(blockId)
    const [header] =
      known === undefined
        ? ((await ask((node, { signal }) => readBlockHeaders(node, blockId, { signal }))) ?? [])
        : []
    const height = known ?? header?.height
    if (height === undefined || epoch !== head.epoch()) return
    list.tell({ ...result.at(height) }) // decodes the events, or throws
  }
  const readSingles = async () => {
    const ids = list.transactionIds()
    const start = (turn * MAX_PARALLEL) % Math.max(1, ids.length)
    turn += 1
    const replies = await Promise.allSettled(ids.slice(start, start + MAX_PARALLEL).map(readSingle))
    for (const reply of replies) if (reply.status === 'rejected') throw reply.reason
  }
  return Object.freeze({
    isBehind,
    blocksRead: () => blocksRead,
    sealedHeight: () => sealed.height,
    async read() {
      if (performance.now() < singlesUntil) {
        await readSingles()
        return false
      }
      const more = await readNext()
      // Without anything executed it is asked now and then: whoever waits counts blocks by it.
      const patience = list.awaitsSeal() ? 1 : 20
      if (performance.now() - sealed.at >= patience * options.sealedPollMs) await refreshSealed()
      const found = list.heightsToTell(sealed.height)
      if (found.length > 0) await readHeights(found.slice(0, MAX_PARALLEL))
      return more || found.length > MAX_PARALLEL
    },
    forget() {
      sealed = { height: 0, at: performance.now() }
      width = 1
    },
  } satisfies BlockReader)
}
