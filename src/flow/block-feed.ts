/** What is known of the blocks of one chain, and who is told of it. @module */

import { type Ask, type Backwards, type ChainHead, createChainHead } from './block-head.ts'
import { type BlockMemory, createBlockMemory } from './block-memory.ts'
import { type BlockReader, createBlockReader } from './block-reader.ts'
import { createWatchList, type WatchList } from './block-watch.ts'
import { createListeners, type Listeners } from './listeners.ts'

/** Blocks that a reference block may be old. @see flow-go model/flow/constants.go. */
const MAX_AGE = 600

/** How far the chain is known. */
export type ChainProgress = {
  readonly finalizedHeight: number
  /** Known to be sealed, and perhaps not the latest; 0 until one is known. */
  readonly sealedHeight: number
}

/** The parts that share one memory. */
export type BlockFeed = {
  readonly memory: BlockMemory
  readonly list: WatchList
  readonly head: ChainHead
  readonly reader: BlockReader
  readonly onBlock: Listeners<ChainProgress>
  readonly onBackwards: Listeners<Backwards>
}

/** @param onUnable - See `createBlockReader`. */
export function createBlockFeed(options: {
  readonly ask: Ask
  readonly pollMs: number
  readonly onUnable: (height: number) => boolean
  readonly onListenerError: (thrown: unknown) => void
}): BlockFeed {
  const { ask, pollMs, onUnable, onListenerError } = options
  const onBlock = createListeners<ChainProgress>(onListenerError)
  const onBackwards = createListeners<Backwards>(onListenerError)
  const memory = createBlockMemory()
  const list = createWatchList(memory, onListenerError)
  const tellProgress = () => {
    const finalizedHeight = memory.highest()
    if (finalizedHeight !== undefined)
      onBlock.tell({ finalizedHeight, sealedHeight: reader.sealedHeight() })
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
      onBackwards.tell(change)
    },
  })
  const reader = createBlockReader({
    ask,
    memory,
    list,
    head,
    sealedPollMs: 2 * pollMs,
    onSealed: tellProgress,
    onUnable,
  })
  return Object.freeze({ memory, list, head, reader, onBlock, onBackwards })
}
