/** Jobs that were claimed and not sent: they go back, or fail when they can never work. @module */

import type { SignerErrorContext } from '../error-codes.ts'
import { codeOf, isSignerError } from '../errors.ts'
import { doubling } from '../retry.ts'
import type { JobRow } from '../stores/store.ts'
import type { Group } from './batch.ts'
import { createBlame } from './blame.ts'
import type { RelayCore } from './core.ts'
import { createStreaks } from './streaks.ts'

/** What becomes of claimed jobs. */
export type Returns = {
  /** Back into the queue, as they were. */
  readonly giveBack: (jobs: readonly JobRow[]) => Promise<void>
  /** This process does not know their template. Another may: they wait, and nobody else does. */
  readonly giveOn: (jobs: readonly JobRow[]) => Promise<void>
  /** Nothing was stored, so nothing was sent. */
  readonly giveUp: (group: Group, thrown: unknown) => Promise<void>
  /** A transaction with these jobs was signed and stored: whatever failed before is over. */
  readonly noteSuccess: (jobIds: readonly string[]) => void
}

type Change = {
  readonly state: 'queued' | 'failed' | 'quarantined'
  readonly delayMs?: number
  readonly batchLimit?: number
  readonly errorCode?: string
  readonly reason?: string
}

/** Delays after a passing failure, in milliseconds. */
const MIN_DELAY_MS = 500
const MAX_DELAY_MS = 10_000
/** Before a job tries again that met what holds the relay, in milliseconds: others try first. */
const MIN_HELD_MS = 1_000
const MAX_HELD_MS = 60_000
/** Before the policy is asked again about a job that it postponed, in milliseconds. */
const POSTPONED_MS = 2_000
/** Before a job is claimed again whose template this process does not know, in milliseconds. */
const TEMPLATE_MS = 5_000
/** How often it is told that a template is not known, in milliseconds. */
const TELL_MS = 60_000
/** A job that failed so often while others were signed is itself what is wrong. */
const MAX_BLAME = 3
/** What no other try of the same transaction can mend: of a batch, the halves are tried. */
const ofTheJob: ReadonlySet<string> = new Set([
  'POLICY_REFUSED',
  'MALFORMED_TRANSACTION',
  'TRANSACTION_TOO_LARGE',
  'STORE_REFUSED',
  'CADENCE_IMPORT_UNRESOLVED',
])

export function createReturns(core: RelayCore): Returns {
  const { hold, tell } = core
  const unclaim = unclaimer(core)
  const blame = createBlame()
  const passing = createStreaks<'passing'>({ minMs: MIN_DELAY_MS, maxMs: MAX_DELAY_MS })
  let toldAt = Number.NEGATIVE_INFINITY

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
    const later = { state: 'queued', delayMs: POSTPONED_MS, errorCode: 'POLICY_POSTPONED' } as const
    await unclaim(
      others.filter(({ id }) => postponed.includes(id)),
      later,
    )
    await unclaim(
      others.filter(({ id }) => !postponed.includes(id)),
      { state: 'queued' },
    )
  }

  /** It stands in the way of every job alike, until one is signed while these are not. */
  async function holdFor(jobs: readonly JobRow[], cause: Required<Cause>): Promise<void> {
    const count = blame.note(jobs.map(({ id }) => id))
    if (count >= MAX_BLAME)
      return unclaim(
        jobs,
        jobs.length > 1
          ? { state: 'queued', batchLimit: half(jobs), ...cause }
          : { state: 'quarantined', ...cause },
      )
    hold.set(cause.errorCode, cause.reason)
    const delayMs = doubling(MIN_HELD_MS, MAX_HELD_MS, count)
    await unclaim(jobs, { state: 'queued', delayMs, ...cause })
  }

  return {
    giveBack: (jobs) => unclaim(jobs, { state: 'queued' }),
    async giveOn(jobs) {
      const [first] = jobs
      if (first === undefined) return
      const reason = `this process has no template ${first.batch}`
      const delayMs = TEMPLATE_MS * (0.5 + Math.random())
      const told = { errorCode: 'TEMPLATE_UNKNOWN', reason }
      await unclaim(jobs, { state: 'queued', delayMs, ...told }, { isTold: false })
      if (performance.now() - toldAt < TELL_MS) return
      toldAt = performance.now()
      tell({ kind: 'trouble', code: 'TEMPLATE_UNKNOWN', where: 'claim' })
    },
    async giveUp({ jobs }, thrown) {
      const errorCode = codeOf(thrown)
      const reason = isSignerError(thrown) ? thrown.message : 'an error that is not of this package'
      const cause = { errorCode, reason }
      if (isSignerError(thrown, 'RELAY_HELD') || isSignerError(thrown, 'RELAY_CLOSED'))
        return unclaim(jobs, { state: 'queued' })
      if (isSignerError(thrown, 'KEY_ROTATED')) {
        // Another process may have the new signer: this one leaves the jobs to it.
        hold.setHere(errorCode, reason)
        return unclaim(jobs, { state: 'queued' })
      }
      if (isSignerError(thrown, 'POLICY_POSTPONED')) return giveApart(jobs, thrown.context)
      if (ofTheJob.has(errorCode))
        return jobs.length === 1
          ? unclaim(jobs, { state: 'failed', ...cause })
          : unclaim(jobs, { state: 'queued', batchLimit: half(jobs), ...cause })
      if (!isSignerError(thrown) || thrown.disposition !== 'retry') return holdFor(jobs, cause)
      const mostMs = doubling(MIN_DELAY_MS, MAX_DELAY_MS, passing.note('passing'))
      await unclaim(jobs, { state: 'queued', delayMs: Math.random() * mostMs, ...cause })
    },
    noteSuccess(jobIds) {
      passing.end()
      blame.clear(jobIds)
    },
  }
}

type Cause = Pick<Change, 'errorCode' | 'reason'>

const half = (jobs: readonly JobRow[]) => Math.ceil(jobs.length / 2)

function unclaimer({ address, store, notify, tell }: RelayCore) {
  return async (
    jobs: readonly JobRow[],
    change: Change,
    { isTold = true }: { readonly isTold?: boolean } = {},
  ): Promise<void> => {
    if (jobs.length === 0) return
    await store.unclaimJobs(
      address,
      jobs.map(({ id, fence }) => ({ id, fence, ...change })),
    )
    notify(jobs.map(({ id }) => id))
    if (!isTold) return
    const { errorCode: code = 'NOT_STARTED', reason = '', state } = change
    const kind = state === 'queued' ? 'requeued' : state
    for (const { id } of jobs) tell({ kind, jobId: id, transactionId: null, code, reason })
  }
}
