/** Jobs that this process has claimed and not yet put into a transaction. @module */

import type { JobRow } from '../stores/store.ts'
import { type Group, packJobs } from './batch.ts'
import type { RelayCore } from './core.ts'
import type { Returns } from './returns.ts'

/** Claims, packs and gives back. */
export type Backlog = {
  /**
   * Claims what so many transactions need, and no more: others work as well.
   *
   * @returns Whether there was any.
   */
  readonly claim: (transactions: number) => Promise<boolean>
  /** Takes out what is ready: a batch that is not full waits for others a while. */
  readonly takeReady: (transactions: number) => readonly Group[]
  readonly size: () => number
  readonly giveBack: () => Promise<void>
}

/** Jobs that are claimed in one step. */
const MAX_CLAIM = 400

export function createBacklog(core: RelayCore, returns: Returns): Backlog {
  const { address, store, settings, batches } = core
  const { holder } = core.pool
  const { leaseMs, batchWaitMs } = settings
  let jobs: readonly JobRow[] = []
  const claimedAts = new Map<string, number>()

  const ageOf = ({ jobs: [first] }: Group): number =>
    performance.now() - (claimedAts.get(first?.id ?? '') ?? 0)
  const isKnown = ({ batch }: JobRow) => batch === null || batches.has(batch)

  return {
    size: () => jobs.length,
    async claim(transactions) {
      const groups = packJobs(jobs, batches)
      const open = groups.reduce((sum, { full, room }) => sum + (full ? 0 : room), 0)
      const limit = Math.min(Math.max(0, transactions - groups.length) + open, MAX_CLAIM)
      if (limit <= 0) return false
      const claimed = await holder.take((name) =>
        store.claimJobs({ address, limit, holder: name, leaseMs }),
      )
      const known = claimed.filter(isKnown)
      const claimedAt = performance.now()
      for (const job of known) claimedAts.set(job.id, claimedAt)
      jobs = [...jobs, ...known]
      await returns.giveOn(claimed.filter((job) => !isKnown(job)))
      return claimed.length > 0
    },
    takeReady(transactions) {
      const ready = packJobs(jobs, batches)
        .filter((group) => group.full || ageOf(group) >= batchWaitMs)
        .slice(0, transactions)
      const taken = new Set(ready.flatMap((group) => group.jobs))
      jobs = jobs.filter((job) => !taken.has(job))
      for (const { id } of taken) claimedAts.delete(id)
      return ready
    },
    async giveBack() {
      const all = jobs
      jobs = []
      claimedAts.clear()
      await returns.giveBack(all)
    },
  }
}
