/** The transactions that somebody waits for, and how far each was searched. @module */

import type { BlockMemory } from './block-memory.ts'
import type { BlockResults } from './block-results.ts'
import type { NodeConnection } from './node-connection.ts'
import type { TransactionOutcome } from './transaction-outcome.ts'

/** What a listener is told, each at most once; `sealed` is the last. */
export type WatchEvent = {
  readonly kind: 'executed' | 'sealed'
  readonly outcome: TransactionOutcome
  /** The node that answered with this outcome; by now another one may be followed. */
  readonly toldBy: NodeConnection
}

/** Told in the order of the blocks. */
export type WatchListener = (event: WatchEvent) => void

/** What to watch for. */
export type WatchRequest = {
  /** 64 lower-case hexadecimal digits. */
  readonly transactionId: string
  /** Of a block that was finalized before the transaction was sent: it is searched after it. */
  readonly fromHeight: number
}

type Watch = {
  readonly transactionId: string
  readonly listener: WatchListener
  /** No block up to this height holds it. */
  searchedTo: number
  /** Of the block that holds it. */
  height: number | undefined
  executed: boolean
}

/** Who waits for what. */
export type WatchList = {
  /** @returns Stops watching. */
  readonly add: (request: WatchRequest, listener: WatchListener) => () => void
  readonly size: () => number
  /** The first block that somebody needs to have read; `undefined` when all are found. */
  readonly nextHeight: () => number | undefined
  /** Blocks to read again: found in the memory but not told, or told executed and sealed by now. */
  readonly heightsToTell: (sealedHeight: number) => readonly number[]
  readonly awaitsSeal: () => boolean
  /** Keeps what the block holds in the memory and tells it. Changes nothing when it throws. */
  readonly apply: (block: BlockResults) => void
  /** Tells one outcome that came by itself. */
  readonly tell: (outcome: TransactionOutcome, toldBy: NodeConnection) => void
  readonly transactionIds: () => readonly string[]
  /** What was found above this height counts as not found. */
  readonly searchAgainFrom: (height: number) => void
  readonly clear: () => void
}

/** @param onListenerError - Told what a listener threw. */
export function createWatchList(
  memory: BlockMemory,
  onListenerError: (thrown: unknown) => void,
): WatchList {
  const watches = new Map<string, Set<Watch>>()
  const all = () => [...watches.values()].flatMap((group) => [...group])

  const remove = (watch: Watch) => {
    const group = watches.get(watch.transactionId)
    group?.delete(watch)
    if (group?.size === 0) watches.delete(watch.transactionId)
  }
  const tellOne = (watch: Watch, outcome: TransactionOutcome, toldBy: NodeConnection) => {
    watch.height = outcome.height
    if (watch.executed && !outcome.sealed) return
    watch.executed = true
    if (outcome.sealed) remove(watch)
    try {
      watch.listener({ kind: outcome.sealed ? 'sealed' : 'executed', outcome, toldBy })
    } catch (thrown) {
      onListenerError(thrown)
    }
  }
  const tell = (outcome: TransactionOutcome, toldBy: NodeConnection) => {
    for (const watch of [...(watches.get(outcome.transactionId) ?? [])])
      if (watches.get(outcome.transactionId)?.has(watch)) tellOne(watch, outcome, toldBy)
  }
  return Object.freeze({
    add({ transactionId, fromHeight }, listener) {
      const watch: Watch = {
        transactionId,
        listener,
        searchedTo: fromHeight,
        height: undefined,
        executed: false,
      }
      const group = watches.get(transactionId) ?? new Set()
      watches.set(transactionId, group.add(watch))
      search(memory, watch)
      return () => remove(watch)
    },
    size: () => watches.size,
    nextHeight: () => nextHeightOf(watches.values()),
    heightsToTell: (sealedHeight) => heightsToTell(all(), sealedHeight),
    awaitsSeal: () => all().some(({ executed }) => executed),
    apply({ blockId, height, results, toldBy }) {
      const outcomes = [...watches.keys()].flatMap((id) => {
        const outcome = results.get(id)
        return outcome === undefined ? [] : [{ ...outcome }] // decodes the events, or throws
      })
      memory.rememberTransactions(height, blockId, results.keys())
      for (const watch of all())
        if (watch.height === height && !results.has(watch.transactionId)) watch.height = undefined
      for (const outcome of outcomes) tell(outcome, toldBy)
      for (const watch of all()) {
        // The block may be too old for the memory by now.
        if (watch.searchedTo + 1 === height && watch.height === undefined) watch.searchedTo = height
        search(memory, watch)
      }
    },
    tell,
    transactionIds: () => [...watches.keys()],
    searchAgainFrom(height) {
      for (const watch of all()) {
        if (watch.height !== undefined && watch.height <= height) continue
        watch.height = undefined
        watch.searchedTo = Math.min(watch.searchedTo, height)
      }
    },
    clear: () => watches.clear(),
  } satisfies WatchList)
}

/** Looks up in the memory how far it is searched, and whether it is found. */
function search(memory: BlockMemory, watch: Watch): void {
  while (watch.height === undefined) {
    const ids = memory.transactionsAt(watch.searchedTo + 1)
    if (ids === undefined) return
    if (ids.has(watch.transactionId)) watch.height = watch.searchedTo + 1
    else watch.searchedTo += 1
  }
}

/** Asked at each look, of thousands: it makes no list. */
function nextHeightOf(groups: Iterable<ReadonlySet<Watch>>): number | undefined {
  let lowest: number | undefined
  for (const group of groups)
    for (const { height, searchedTo } of group)
      if (height === undefined) lowest = Math.min(lowest ?? searchedTo, searchedTo)
  return lowest === undefined ? undefined : lowest + 1
}

function heightsToTell(watches: readonly Watch[], sealedHeight: number): readonly number[] {
  const due = watches.flatMap(({ height, executed }) =>
    height !== undefined && (!executed || height <= sealedHeight) ? [height] : [],
  )
  return [...new Set(due)].sort((a, b) => a - b)
}
