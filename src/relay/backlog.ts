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
  /**
   * Takes out the one that tries whether a hold is over: not one that tried before, while there are
   * others. It does not wait for others of its batch.
   */
  readonly takeOne: () => Promise<Group | undefined>
  /** What was tried has worked, or the hold is over. */
  readonly forgetTried: () => void
  readonly size: () => number
  readonly giveBack: () => Promise<void>
}

/** How often is looked whether jobs wait whose template is not here, in milliseconds. */
const LOOK_MS = 10_000
/** Jobs that are claimed in one step. */
const MAX_CLAIM = 400

export function createBacklog(core: RelayCore, returns: Returns): Backlog {
  const { address, store, settings, batches } = core
  const { holder } = core.pool
  const { leaseMs, batchWaitMs } = settings
  let jobs: readonly JobRow[] = []
  const claimedAts = new Map<string, number>()
  let lookedAt = Number.NEGATIVE_INFINITY
  /** Jobs that have tried in vain while the relay was held. */
  const tried = new Set<string>()

  const ageOf = ({ jobs: [first] }: Group): number =>
    performance.now() - (claimedAts.get(first?.id ?? '') ?? 0)
  const isKnown = ({ batch }: JobRow) => batch === null || batches.has(batch)

  async function claimUpTo(limit: number): Promise<boolean> {
    // Those of templates that are not here are left where they are, but for a look now and then.
    const looks = performance.now() - lookedAt > LOOK_MS
    if (looks) lookedAt = performance.now()
    const only = looks ? {} : { batches: [...batches.keys()] }
    const claimed = await holder.take((name) =>
      store.claimJobs({ address, limit, holder: name, leaseMs, ...only }),
    )
    const known = claimed.filter(isKnown)
    const claimedAt = performance.now()
    for (const job of known) claimedAts.set(job.id, claimedAt)
    jobs = [...jobs, ...known]
    await returns.giveOn(claimed.filter((job) => !isKnown(job)))
    return claimed.length > 0
  }

  function takeOut(groups: readonly Group[]): readonly Group[] {
    const taken = new Set(groups.flatMap((group) => group.jobs))
    jobs = jobs.filter((job) => !taken.has(job))
    for (const { id } of taken) claimedAts.delete(id)
    return groups
  }

  return {
    size: () => jobs.length,
    async claim(transactions) {
      const groups = packJobs(jobs, batches)
      const open = groups.reduce((sum, { full, room }) => sum + (full ? 0 : room), 0)
      const limit = Math.min(Math.max(0, transactions - groups.length) + open, MAX_CLAIM)
      return limit > 0 && claimUpTo(limit)
    },
    takeReady: (transactions) =>
      takeOut(
        packJobs(jobs, batches)
          .filter((group) => group.full || ageOf(group) >= batchWaitMs)
          .slice(0, transactions),
      ),
    async takeOne() {
      await claimUpTo(Math.min(tried.size + 1, MAX_CLAIM))
      const groups = packJobs(jobs, batches)
      const isNew = ({ jobs: all }: Group) => all.some(({ id }) => !tried.has(id))
      const fresh = groups.find(isNew)
      if (fresh === undefined || tried.size >= MAX_CLAIM) tried.clear() // all have had a turn
      const chosen = fresh ?? groups[0]
      if (chosen === undefined) return undefined
      for (const { id } of chosen.jobs) tried.add(id)
      takeOut([chosen])
      return chosen
    },
    forgetTried: () => tried.clear(),
    async giveBack() {
      const all = jobs
      jobs = []
      claimedAts.clear()
      await returns.giveBack(all)
    },
  }
}
