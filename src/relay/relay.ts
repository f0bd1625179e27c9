/** Durable submission: a job that was accepted is executed once, whatever fails on the way. @module */

import { SignerError } from '../errors.ts'
import type { PoolStats } from '../proposal-keys/report.ts'
import { createBoundedStore } from '../stores/bounded-store.ts'
import type { JobCounts, JobRow } from '../stores/store.ts'
import { type CloseOptions, createClosing } from './closing.ts'
import { createIntake } from './intake.ts'
import { isSameIntent, parseIntent, type SubmitRequest } from './intent.ts'
import { createJob, type Job } from './job.ts'
import { type CheckedRelayOptions, checkRelayOptions, type RelayOptions } from './options.ts'
import {
  checkClose,
  checkListQuery,
  checkResolution,
  isJobId,
  type ListQuery,
  type Resolution,
} from './requests.ts'
import { assertFits } from './size.ts'
import { type RelayParts, startParts } from './start.ts'

/** What is known of a relay now. */
export type RelayStats = {
  readonly jobs: JobCounts
  /** Of this process. */
  readonly transactions: { readonly preparing: number; readonly inFlight: number }
  /** Sends that wait for the budget of the nodes. */
  readonly sendQueue: number
  readonly proposalKeys: PoolStats
  /** Why nothing is sent, when that is so; `KEY_ROTATED` stops this process alone. */
  readonly held: { readonly code: string; readonly reason: string } | undefined
  /** Requests to the followed node, sends not counted. */
  readonly nodeRequests: number
}

/** A relay of one account. */
export type Relay = {
  readonly address: string
  /**
   * Resolves when the job is stored. The same id with the same intent is the same job.
   *
   * @throws {SignerError} `JOB_ID_TAKEN`, `RELAY_QUEUE_FULL`, `INVALID_OPTION`, `RELAY_CLOSED`,
   * `CADENCE_IMPORT_UNRESOLVED`,
   * `STORE_UNAVAILABLE`: in doubt, submit again with the same id.
   */
  readonly submit: (request: SubmitRequest) => Promise<Job>
  /** @throws {SignerError} `JOB_UNKNOWN`. */
  readonly job: (id: string) => Promise<Job>
  /** Oldest first. @throws {SignerError} `INVALID_OPTION`. */
  readonly list: (query?: ListQuery) => Promise<readonly JobRow[]>
  /** Nothing more is signed or sent anew, in no process, until `resume`; jobs are still accepted. */
  readonly pause: () => Promise<void>
  /** Ends a pause, and a hold after its cause was mended. */
  readonly resume: () => Promise<void>
  /**
   * An operator's word on a quarantined job, after a look at the chain.
   *
   * @throws {SignerError} `JOB_UNKNOWN` when it is not quarantined, `INVALID_OPTION`.
   */
  readonly resolve: (id: string, to: Resolution) => Promise<void>
  /** Uses proposal keys that were added. @returns How many there are. */
  readonly refreshKeys: () => Promise<number>
  readonly stats: () => Promise<RelayStats>
  /**
   * Accepts and starts nothing more, and ends when what is being signed is stored and sent, or after
   * `timeoutMs`. What is in flight is taken over by another process, or by the next. Never rejects.
   */
  readonly close: (options?: CloseOptions) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Checks nodes, account and keys, takes over what a process that is gone left behind, and starts.
 * When it rejects, nothing of it goes on.
 *
 * @throws {SignerError} `INVALID_OPTION`, `NO_PROPOSAL_KEYS`, `CHAIN_MISMATCH` and the other codes of
 * access node, accounts, signers and stores.
 */
export async function createRelay(options: RelayOptions): Promise<Relay> {
  const checked = checkRelayOptions(options)
  return relayOf(options, checked, await startParts(options, checked))
}

function relayOf(options: RelayOptions, checked: CheckedRelayOptions, parts: RelayParts): Relay {
  const { address, maxOpenJobs, storeTimeoutMs: timeoutMs } = checked
  const { core, intents, tracker, waiters, worker } = parts
  const { hold, pool, tell } = core
  const store = createBoundedStore(options.store, { timeoutMs }) // may be asked after the close
  const takeIn = createIntake({ address, store, maxOpenJobs })
  const closing = createClosing(parts)
  const jobOf = (id: string) => {
    const onCancelled = () => tell({ kind: 'cancelled', jobId: id })
    return createJob({ address, id, store, waiters, onCancelled })
  }

  return Object.freeze({
    address,
    async submit(request) {
      const intent = await parseIntent(request, intents)
      if (closing.begun()) throw new SignerError('RELAY_CLOSED', { address })
      assertFits(
        intent,
        intent.batch === null ? undefined : core.batches.get(intent.batch)?.cadence,
      )
      const added = await takeIn(intent)
      if (added === undefined)
        throw new SignerError('RELAY_QUEUE_FULL', { address, limit: maxOpenJobs })
      if (!isSameIntent(added.job, intent)) throw new SignerError('JOB_ID_TAKEN', { id: intent.id })
      if (added.created) tell({ kind: 'accepted', jobId: intent.id })
      if (added.created) worker.wake()
      return jobOf(intent.id)
    },
    async job(id) {
      const [row] = isJobId(id) ? await store.getJobs(address, [id]) : []
      if (row === undefined) throw new SignerError('JOB_UNKNOWN', { id })
      return jobOf(id)
    },
    list: async (query) => store.listJobs(address, checkListQuery(query)),
    pause: hold.pause,
    resume: hold.resume,
    async resolve(id, to) {
      const told = checkResolution(to)
      const resolved = isJobId(id) && (await store.resolveJob(address, id, told))
      if (!resolved) throw new SignerError('JOB_UNKNOWN', { id })
      tell({ kind: 'resolved', jobId: id, state: told.state })
      waiters.notify([id])
      worker.wake()
    },
    async refreshKeys() {
      const count = await pool.refresh()
      hold.endHere()
      worker.wake()
      return count
    },
    stats: async () => ({
      jobs: await store.countJobs(address),
      transactions: { preparing: worker.preparing(), inFlight: tracker.size() },
      sendQueue: core.budget.depth(),
      proposalKeys: pool.stats(),
      held: hold.current(),
      nodeRequests: core.follower.stats().requests,
    }),
    close(options) {
      try {
        return closing.close(checkClose(options))
      } catch (thrown) {
        return Promise.reject(thrown)
      }
    },
    [Symbol.asyncDispose]: () => closing.close(),
  } satisfies Relay)
}
