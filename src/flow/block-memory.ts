/** The last blocks that were seen: their ids, and which transactions they hold. @module */

/** As many blocks as a transaction may be old. @see flow-go model/flow/constants.go. */
const MAX_BLOCKS = 600
/** 64 characters each: at most some 10 MB. */
const MAX_TRANSACTIONS = 100_000

/** Bounded: the lowest blocks are forgotten first. */
export type BlockMemory = {
  /** Keeps the transactions that are known of the block. */
  readonly remember: (height: number, blockId: string) => void
  readonly rememberTransactions: (
    height: number,
    blockId: string,
    transactionIds: Iterable<string>,
  ) => void
  readonly idAt: (height: number) => string | undefined
  /** `undefined` when the results of the block were not read, or are forgotten. */
  readonly transactionsAt: (height: number) => ReadonlySet<string> | undefined
  readonly heightOf: (blockId: string) => number | undefined
  /** All remembered heights, in order. */
  readonly heights: () => readonly number[]
  readonly highest: () => number | undefined
  /** The highest height up to this one. */
  readonly highestUpTo: (height: number) => number | undefined
  readonly forget: () => void
}

type Entry = { readonly blockId: string; transactionIds?: ReadonlySet<string> }

/** A memory of nothing yet. */
export function createBlockMemory(): BlockMemory {
  const blocks = new Map<number, Entry>()
  const heights = new Map<string, number>()
  let transactions = 0
  const inOrder = () => [...blocks.keys()].sort((a, b) => a - b)
  /** `undefined` until it is asked for again. */
  let highest: number | undefined

  const drop = (height: number) => {
    const entry = blocks.get(height)
    blocks.delete(height)
    if (height === highest) highest = undefined
    if (entry === undefined) return
    heights.delete(entry.blockId)
    transactions -= entry.transactionIds?.size ?? 0
  }
  const trim = () => {
    if (blocks.size <= MAX_BLOCKS && transactions <= MAX_TRANSACTIONS) return
    for (const height of inOrder().slice(0, -1)) {
      if (blocks.size <= MAX_BLOCKS && transactions <= MAX_TRANSACTIONS) return
      drop(height)
    }
  }
  const entryOf = (height: number, blockId: string): Entry => {
    const known = blocks.get(height)
    if (known?.blockId === blockId) return known
    drop(height)
    const entry = { blockId }
    blocks.set(height, entry)
    if (highest !== undefined && height > highest) highest = height
    heights.set(blockId, height)
    return entry
  }
  return Object.freeze({
    remember(height, blockId) {
      entryOf(height, blockId)
      trim()
    },
    rememberTransactions(height, blockId, transactionIds) {
      const entry = entryOf(height, blockId)
      transactions -= entry.transactionIds?.size ?? 0
      entry.transactionIds = new Set(transactionIds)
      transactions += entry.transactionIds.size
      trim()
    },
    idAt: (height) => blocks.get(height)?.blockId,
    transactionsAt: (height) => blocks.get(height)?.transactionIds,
    heightOf: (blockId) => heights.get(blockId),
    heights: inOrder,
    highest() {
      highest ??= inOrder().at(-1)
      return highest
    },
    highestUpTo: (height) => inOrder().findLast((known) => known <= height),
    forget() {
      highest = undefined
      blocks.clear()
      heights.clear()
      transactions = 0
    },
  } satisfies BlockMemory)
}
