/** The results of several blocks at once, applied in the order of their heights. @module */

import { type Ask, type ChainHead, isInvalidReply } from './block-head.ts'
import type { BlockMemory } from './block-memory.ts'
import { type BlockResults, readBlockResults } from './block-results.ts'
import type { WatchList } from './block-watch.ts'
import type { SealedHeight } from './sealed-height.ts'
import { createVainAsks } from './vain-asks.ts'

/** Reads blocks and tells the watch list what they hold. */
export type ResultsReader = {
  /**
   * Ends at the first block that is not executed; the ones after it are asked for again.
   *
   * @returns Whether all were read.
   */
  readonly read: (heights: readonly number[]) => Promise<boolean>
  readonly blocksRead: () => number
  /** Another node is asked. */
  readonly forget: () => void
}

/** @param onNeverTold - The node does not tell the results of this block, though it is sealed. */
export function createResultsReader(options: {
  readonly ask: Ask
  readonly memory: BlockMemory
  readonly list: WatchList
  readonly head: ChainHead
  readonly sealed: SealedHeight
  readonly onNeverTold: (height: number) => void
}): ResultsReader {
  const { ask, memory, list, head, sealed } = options
  const vain = createVainAsks(async (height) => {
    await sealed.refresh()
    return sealed.current() >= height
  })
  let blocksRead = 0

  const countVain = async (height: number) => {
    if (await vain.count(height)) options.onNeverTold(height)
  }
  const apply = async (block: BlockResults) => {
    const known = memory.idAt(block.height)
    if (known !== undefined && known !== block.blockId) return head.goneBack()
    list.apply(block)
    blocksRead += 1
    if (block.sealed) sealed.note(block.height)
  }
  return Object.freeze({
    async read(heights) {
      const epoch = head.epoch()
      const replies = await Promise.allSettled(
        heights.map((height) => ask((node, one) => readBlockResults(node, height, one))),
      )
      for (const [index, reply] of replies.entries()) {
        if (epoch !== head.epoch()) return true
        try {
          if (reply.status === 'rejected') throw reply.reason
          if (reply.value !== undefined) await apply(reply.value)
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
    },
    blocksRead: () => blocksRead,
    forget: vain.forget,
  } satisfies ResultsReader)
}
