/** All transactions of one relay that are in flight, and those of processes that are gone. @module */

import { pause } from '../deadline.ts'
import { type AttemptWatch, type WatchedAttempt, watchAttempt } from './attempt.ts'
import type { Batch } from './batch.ts'
import type { RelayCore } from './core.ts'
import { createInquiry } from './inquiry.ts'
import { createSettling } from './settling.ts'
import type { Signed } from './signing.ts'

/** What is in flight. */
export type Tracker = {
  readonly add: (signed: Signed) => void
  /** Takes over what is not heard of any more. */
  readonly adopt: () => Promise<void>
  readonly size: () => number
  /** Those that hold a proposal key: what has executed does not. */
  readonly holdingKeys: () => number
  readonly batchOf: (transactionId: string) => Batch | undefined
  /** Resolves when each was sent once. */
  readonly sent: () => Promise<void>
  readonly close: () => void
}

const LOOK_MS = 20

/** @param onFreed - Told when something is no longer in flight. */
export function createTracker(core: RelayCore, onFreed: () => void): Tracker {
  const { address, store, pool, follower, tell, signal, settings } = core
  const { holder } = pool
  const settling = createSettling(core, ({ transactionId }) => {
    attempts.get(transactionId)?.watch.noteKeySettled()
    onFreed()
  })
  const parts = { core, inquiry: createInquiry(core), settling }
  const attempts = new Map<
    string,
    { readonly watch: AttemptWatch; readonly batch: string | null }
  >()

  function watch(attempt: WatchedAttempt, batch: string | null): void {
    const { transactionId } = attempt
    if (signal.aborted || attempts.has(transactionId)) return
    const onOver = () => {
      attempts.delete(transactionId)
      onFreed()
    }
    attempts.set(transactionId, { watch: watchAttempt(parts, attempt, onOver), batch })
  }

  async function adopt(): Promise<void> {
    if (signal.aborted) return
    const rows = await holder.take((name) =>
      store.adoptAttempts({ address, holder: name, leaseMs: settings.leaseMs }),
    )
    if (signal.aborted) return // in the store their time runs out again
    if (rows.length > 0) tell({ kind: 'adopted', count: rows.length })
    for (const row of rows) {
      attempts.get(row.transactionId)?.watch.stop() // its fence is an old one
      watch({ ...row, adopted: true, signedAt: performance.now() }, null)
    }
  }

  const stopBlocks = follower.onBlock(({ sealedHeight }) => {
    for (const one of attempts.values()) one.watch.tick(sealedHeight)
  })
  const stopBackwards = follower.onBackwards(({ height, previousHeight }) => {
    core.hold.set('CHAIN_WENT_BACKWARDS', `from height ${previousHeight} to ${height}`)
    for (const one of attempts.values()) one.watch.recheck()
  })

  return {
    add: ({ batch, ...signed }) =>
      watch(
        { ...signed, address, blockHeight: null, adopted: false, signedAt: performance.now() },
        batch,
      ),
    adopt,
    size: () => attempts.size,
    holdingKeys() {
      let count = 0
      for (const one of attempts.values()) if (one.watch.holdsKey()) count += 1
      return count
    },
    batchOf(transactionId) {
      const name = attempts.get(transactionId)?.batch
      return name === undefined || name === null ? undefined : core.batches.get(name)
    },
    async sent() {
      const waiting = () => [...attempts.values()].some((one) => !one.watch.wasSent())
      while (waiting() && !signal.aborted) await pause(LOOK_MS, signal).catch(() => undefined)
    },
    close() {
      stopBlocks()
      stopBackwards()
      for (const one of [...attempts.values()]) one.watch.stop()
      attempts.clear()
    },
  }
}
