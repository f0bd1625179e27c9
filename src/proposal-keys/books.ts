/** What a pool writes of its keys: many in one step of the store. @module */

import { pause } from '../deadline.ts'
import type { LeaseFact, ProposalKeyStore } from '../stores/store.ts'
import { coalesce } from './coalesce.ts'
import type { PoolReport } from './report.ts'

type Commit = Parameters<ProposalKeyStore['commitLeases']>[0][number]
type Settle = Parameters<ProposalKeyStore['settleLeases']>[0][number]

/** The steps of the store that a pool takes for single keys. */
export type Books = {
  /** @returns Whether the lease was still held. */
  readonly commit: (commit: Commit) => Promise<boolean>
  /** @returns Whether the key was still ours. */
  readonly settle: (settlement: Settle) => Promise<boolean>
  /** Keeps the key from being leased, and tells it. */
  readonly quarantine: (fact: LeaseFact, next: bigint, reason: string) => Promise<void>
  /** Whatever happens to the store meanwhile: the key comes back, or another process takes it. */
  readonly giveBack: (fact: LeaseFact) => Promise<void>
}

/** Commits and settlements of so many keys go into one step of the store. */
const MAX_STEP = 500

/** @param onFreed - Told when a key was given back. */
export function createBooks(options: {
  readonly store: ProposalKeyStore
  readonly report: (report: PoolReport) => void
  readonly onFreed: () => void
  readonly onTrouble: (thrown: unknown) => void
  readonly signal: AbortSignal
}): Books {
  const { store, report, onFreed, onTrouble, signal } = options
  const settle = coalesce(store.settleLeases, MAX_STEP)
  return {
    commit: coalesce(store.commitLeases, MAX_STEP),
    settle,
    async quarantine({ address, keyIndex, fence }, nextSequenceNumber, quarantine) {
      await settle({ address, keyIndex, fence, nextSequenceNumber, quarantine })
      report({ kind: 'quarantined', keyIndex })
    },
    async giveBack({ address, keyIndex, fence, sequenceNumber }) {
      for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
        try {
          await settle({ address, keyIndex, fence, nextSequenceNumber: sequenceNumber })
          return onFreed()
        } catch (thrown) {
          onTrouble(thrown)
          await pause(pauseMs, signal).catch(() => undefined)
          if (signal.aborted) return // its time runs out in the store
        }
      }
    },
  }
}
