/** Jobs that were claimed and not sent: they go back, or fail when they can never work. @module */

import type { SignerErrorContext } from '../error-codes.ts'
import { codeOf, isSignerError } from '../errors.ts'
import { doubling } from '../retry.ts'
import type { JobRow } from '../stores/store.ts'
import type { Group } from './batch.ts'
import type { RelayCore } from './core.ts'

/** What becomes of claimed jobs. */
export type Returns = {
  /** Back into the queue, as they were. */
  readonly giveBack: (jobs: readonly JobRow[]) => Promise<void>
  /** Nothing was stored, so nothing was sent. */
  readonly giveUp: (group: Group, thrown: unknown) => Promise<void>
  /** A transaction was signed and stored: whatever failed before is over. */
  readonly noteSuccess: () => void
}

type Change = {
  readonly state: 'queued' | 'failed'
  readonly delayMs?: number
  readonly batchLimit?: number
  readonly errorCode?: string
  readonly reason?: string
}

/** Delays after a passing failure, in milliseconds. */
const MIN_DELAY_MS = 500
const MAX_DELAY_MS = 10_000
/** Before the policy is asked again about a job that it postponed, in milliseconds. */
const POSTPONED_MS = 2_000

export function createReturns(core: RelayCore): Returns {
  const { address, store, hold, tell } = core
  let failures = 0
  let escalateAt = 0

  async function unclaim(jobs: readonly JobRow[], change: Change): Promise<void> {
    if (jobs.length === 0) return
    await store.unclaimJobs(
      address,
      jobs.map(({ id, fence }) => ({ id, fence, ...change })),
    )
    core.notify(jobs.map(({ id }) => id))
    const { errorCode: code = 'NOT_STARTED', reason = '' } = change
    const kind = change.state === 'failed' ? 'failed' : 'requeued'
    for (const { id } of jobs) tell({ kind, jobId: id, transactionId: null, code, reason })
  }

  /** Those that the policy named wait or fail; the others were only in the same transaction. */
  async function giveApart(
    jobs: readonly JobRow[],
    { postponed, refused }: SignerErrorContext['POLICY_POSTPONED'],
  ): Promise<void> {
    const reasons = new Map(refused.map(({ id, reason }) => [id, reason.slice(0, 200)]))
    for (const [id, reason] of reasons) {
      const failed = jobs.filter((job) => job.id === id)
      await unclaim(failed, { state: 'failed', errorCode: 'POLICY_REFUSED', reason })
    }
    const others = jobs.filter(({ id }) => !reasons.has(id))
    await unclaim(
      others.filter(({ id }) => postponed.includes(id)),
      { state: 'queued', delayMs: POSTPONED_MS, errorCode: 'POLICY_POSTPONED' },
    )
    await unclaim(
      others.filter(({ id }) => !postponed.includes(id)),
      { state: 'queued' },
    )
  }

  /** Many fail together: they count as one failure. */
  function nextDelayMs(): number {
    const delayMs = doubling(MIN_DELAY_MS, MAX_DELAY_MS, failures + 1)
    if (performance.now() > escalateAt) {
      failures = Math.min(failures + 1, 10)
      escalateAt = performance.now() + delayMs
    }
    return Math.random() * delayMs
  }

  return {
    giveBack: (jobs) => unclaim(jobs, { state: 'queued' }),
    async giveUp({ jobs }, thrown) {
      const errorCode = codeOf(thrown)
      const reason = isSignerError(thrown) ? thrown.message : 'an error that is not of this package'
      const cause = { errorCode, reason }
      if (isSignerError(thrown, 'RELAY_HELD') || isSignerError(thrown, 'RELAY_CLOSED'))
        return unclaim(jobs, { state: 'queued' })
      if (isSignerError(thrown, 'POLICY_POSTPONED')) return giveApart(jobs, thrown.context)
      if (errorCode === 'POLICY_REFUSED' || errorCode === 'MALFORMED_TRANSACTION')
        return jobs.length === 1
          ? unclaim(jobs, { state: 'failed', ...cause })
          : unclaim(jobs, { state: 'queued', batchLimit: Math.ceil(jobs.length / 2), ...cause })
      // Whatever else a signer or an account says stands in the way of every job alike: an operator
      // mends it, and nothing is lost meanwhile.
      const passes = isSignerError(thrown) && thrown.disposition === 'retry'
      if (!passes) hold.set(errorCode, reason)
      await unclaim(jobs, { state: 'queued', delayMs: passes ? nextDelayMs() : 0, ...cause })
    },
    noteSuccess() {
      failures = 0
    },
  }
}
