/** Watched transactions one by one, of a node that does not tell the results of blocks. @module */

import type { Ask, ChainHead } from './block-head.ts'
import { readBlockHeaders } from './block-headers.ts'
import type { BlockMemory } from './block-memory.ts'
import type { WatchList } from './block-watch.ts'
import { readSingleResult } from './transaction-outcome.ts'

/** Asks for the next few transactions of the list, and tells what is known of them. */
export type SingleResults = { readonly read: () => Promise<void> }

/** @param atOnce - Requests under way at once. */
export function createSingleResults(options: {
  readonly ask: Ask
  readonly memory: BlockMemory
  readonly list: WatchList
  readonly head: ChainHead
  readonly atOnce: number
}): SingleResults {
  const { ask, memory, list, head, atOnce } = options
  let turn = 0

  const readHeight = async (blockId: string) => {
    const known = memory.heightOf(blockId)
    if (known !== undefined) return known
    const [header] = (await ask((node, one) => readBlockHeaders(node, blockId, one))) ?? []
    return header?.height
  }
  const readOne = async (transactionId: string) => {
    const epoch = head.epoch()
    const result = await ask((node, one) => readSingleResult(node, transactionId, one))
    if (result.kind !== 'executed') return
    const height = await readHeight(result.blockId)
    if (height === undefined || epoch !== head.epoch()) return
    list.tell({ ...result.at(height) }, result.toldBy) // decodes the events, or throws
  }
  return Object.freeze({
    async read() {
      const ids = list.transactionIds()
      const start = (turn * atOnce) % Math.max(1, ids.length)
      turn += 1
      const replies = await Promise.allSettled(ids.slice(start, start + atOnce).map(readOne))
      for (const reply of replies) if (reply.status === 'rejected') throw reply.reason
    },
  } satisfies SingleResults)
}
