/** Reads what watched transactions became: block by block, or one by one where that fails. @module */

import { type Ask, type ChainHead, isInvalidReply } from './block-head.ts'
import type { BlockMemory } from './block-memory.ts'
import { type BlockResults, readBlockResults } from './block-results.ts'
import type { WatchList } from './block-watch.ts'
import { createSealedHeight } from './sealed-height.ts'
import { createSingleResults } from './single-results.ts'
import { createVainAsks } from './vain-asks.ts'

/** Requests under way at once. */
const MAX_PARALLEL = 8
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
  /** The chain went back. */
  readonly forget: () => void
  /** Another node is asked: what the one before did not tell says nothing of this one. */
  readonly useBlocks: () => void
}

/**
 * Blocks are told in the order of their heights; one that is not executed yet is never passed over.
 *
 * @param sealedPollMs - The least time from one question for the sealed height to the next.
 * @param onUnable - The node does not tell the results of blocks. Returns whether another is asked.
 */
export function createBlockReader(options: {
  readonly ask: Ask
  readonly memory: BlockMemory
  readonly list: WatchList
  readonly head: ChainHead
  readonly sealedPollMs: number
  readonly onSealed: () => void
  readonly onUnable: (height: number) => boolean
}): BlockReader {
  const { ask, memory, list, head } = options
  const sealed = createSealedHeight(options)
  const singles = createSingleResults({ ...options, atOnce: MAX_PARALLEL })
  const vain = createVainAsks(async (height) => {
    await sealed.refresh()
    return sealed.current() >= height
  })
  let blocksRead = 0
  let width = 1
  let singlesUntil = 0

  const isBehind = () => (list.nextHeight() ?? Number.POSITIVE_INFINITY) <= (memory.highest() ?? -1)

  const countVain = async (height: number) => {
    if (!(await vain.count(height))) return
    if (!options.onUnable(height)) singlesUntil = performance.now() + SINGLES_MS
  }
  const applyBlock = async (block: BlockResults) => {
    const known = memory.idAt(block.height)
    if (known !== undefined && known !== block.blockId) return head.goneBack()
    list.apply(block)
    blocksRead += 1
    if (block.sealed) sealed.note(block.height)
  }
  /** Ends at the first block that is not executed; the ones after it are asked for again. */
  const readHeights = async (heights: readonly number[]): Promise<boolean> => {
    const epoch = head.epoch()
    const replies = await Promise.allSettled(
      heights.map((height) => ask((node, one) => readBlockResults(node, height, one))),
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
  return Object.freeze({
    isBehind,
    blocksRead: () => blocksRead,
    sealedHeight: sealed.current,
    async read() {
      const oneByOne = performance.now() < singlesUntil
      if (oneByOne) await singles.read()
      const more = !oneByOne && (await readNext())
      // Without anything executed it is asked now and then: whoever waits counts blocks by it.
      const patience = list.awaitsSeal() ? 1 : 20
      if (sealed.ageMs() >= patience * options.sealedPollMs) await sealed.refresh()
      if (oneByOne) return false
      const found = list.heightsToTell(sealed.current())
      if (found.length > 0) await readHeights(found.slice(0, MAX_PARALLEL))
      return more || found.length > MAX_PARALLEL
    },
    forget() {
      sealed.forget()
      width = 1
    },
    useBlocks() {
      vain.forget()
      singlesUntil = 0
      width = 1
    },
  } satisfies BlockReader)
}
