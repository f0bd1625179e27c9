/** When a transaction is over because no block can take it any more. @module */

import { readBlockHeight } from '../flow/blocks.ts'
import type { NodeConnection } from '../flow/http.ts'

/** The age of one reference block. */
export type Expiry = {
  /** A height that the chain has reached. */
  readonly note: (height: number) => void
  /** The chain went backwards: the block may be gone, and the height is lower. */
  readonly doubt: () => void
  /** By what is known without a question. */
  readonly mayBeOver: () => boolean
  /** Asks for the height of the block where that matters. */
  readonly isOver: () => Promise<boolean>
}

/** Blocks beyond the expiry until a node is believed that has not seen the transaction. */
export const EXPIRY_MARGIN = 30

/** @param block - `fromHeight`: a lower bound of its height, which is asked for when it matters. */
export function createExpiry(
  block: { readonly referenceBlockId: string; readonly fromHeight: number },
  settings: {
    readonly node: () => Promise<NodeConnection>
    readonly transactionExpiry: number
    readonly signal: AbortSignal
  },
): Expiry {
  const { node, transactionExpiry, signal } = settings
  const { referenceBlockId, fromHeight } = block
  let base = fromHeight
  let baseIsExact = false
  let latestHeight = fromHeight
  let inDoubt = false
  const mayBeOver = () => latestHeight > base + transactionExpiry + EXPIRY_MARGIN
  return {
    mayBeOver,
    note(height) {
      latestHeight = Math.max(latestHeight, height)
    },
    doubt() {
      inDoubt = true
      latestHeight = fromHeight
    },
    async isOver() {
      if (inDoubt || (mayBeOver() && !baseIsExact)) {
        const height = await readBlockHeight(await node(), referenceBlockId, { signal })
        if (height === undefined) return true // none can refer to a block that is no more
        base = height
        baseIsExact = true
        inDoubt = false
      }
      return mayBeOver()
    },
  }
}
