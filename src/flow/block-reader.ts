/** Reads what watched transactions became: block by block, or one by one where that fails. @module */

import type { Ask, ChainHead } from './block-head.ts'
import type { BlockMemory } from './block-memory.ts'
import type { WatchList } from './block-watch.ts'
import { createResultsReader } from './results-reader.ts'
import { createSealedHeight } from './sealed-height.ts'
import { createSingleResults } from './single-results.ts'

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
  const { memory, list } = options
  const sealed = createSealedHeight(options)
  const singles = createSingleResults({ ...options, atOnce: MAX_PARALLEL })
  const results = createResultsReader({
    ...options,
    sealed,
    onNeverTold(height) {
      if (!options.onUnable(height)) singlesUntil = performance.now() + SINGLES_MS
    },
  })
  let width = 1
  let singlesUntil = 0

  const isBehind = () => (list.nextHeight() ?? Number.POSITIVE_INFINITY) <= (memory.highest() ?? -1)

  const readNext = async (): Promise<boolean> => {
    const next = list.nextHeight()
    const highest = memory.highest()
    if (next === undefined || highest === undefined || next > highest) return false
    const count = Math.min(width, highest - next + 1)
    const heights = Array.from({ length: count }, (_, index) => next + index)
    const unread = heights.filter((height) => memory.transactionsAt(height) === undefined)
    width = 1 // a block that is not executed yet is asked for alone
    const whole = await results.read(unread)
    if (whole) width = Math.min(MAX_PARALLEL, count * 2)
    return whole && isBehind()
  }
  return Object.freeze({
    isBehind,
    blocksRead: results.blocksRead,
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
      if (found.length > 0) await results.read(found.slice(0, MAX_PARALLEL))
      return more || found.length > MAX_PARALLEL
    },
    forget() {
      sealed.forget()
      width = 1
    },
    useBlocks() {
      results.forget()
      singlesUntil = 0
      width = 1
    },
  } satisfies BlockReader)
}
