/** A handle on one job. @module */

import { SignerError } from '../errors.ts'
import type { AttemptRow, JobRow, RelayStore } from '../stores/store.ts'
import type { JobOutcome } from './outcome.ts'
import { checkSignal } from './requests.ts'
import type { Waiters } from './waiters.ts'

/** A job that is stored. */
export type Job = {
  readonly id: string
  /** @throws {SignerError} `JOB_UNKNOWN` once it is pruned. */
  readonly status: () => Promise<JobRow>
  /**
   * Resolves when a block has executed it without an error: after some 4 seconds on mainnet.
   *
   * @throws {SignerError} `JOB_FAILED`, `JOB_CANCELLED`, `JOB_QUARANTINED`, `RELAY_CLOSED`.
   */
  readonly executed: (options?: { readonly signal?: AbortSignal }) => Promise<JobOutcome>
  /** Resolves when that block is sealed, which is final. Throws as `executed` does. */
  readonly sealed: (options?: { readonly signal?: AbortSignal }) => Promise<JobOutcome>
  /** @returns False when something may have been sent: it is not cancelled then. */
  readonly cancel: () => Promise<boolean>
  /** All transactions that were signed for it, oldest first. */
  readonly attempts: () => Promise<readonly (AttemptRow & { readonly state: string })[]>
}

export function createJob(options: {
  readonly address: string
  readonly id: string
  readonly store: RelayStore
  readonly waiters: Waiters
  readonly onCancelled: () => void
}): Job {
  const { address, id, store, waiters, onCancelled } = options
  return Object.freeze({
    id,
    async status() {
      const [row] = await store.getJobs(address, [id])
      if (row === undefined) throw new SignerError('JOB_UNKNOWN', { id })
      return row
    },
    executed: async (options) => waiters.wait(id, 'executed', checkSignal(options).signal),
    sealed: async (options) => waiters.wait(id, 'sealed', checkSignal(options).signal),
    async cancel() {
      const cancelled = await store.cancelJob(address, id)
      if (cancelled) onCancelled()
      if (cancelled) waiters.notify([id])
      return cancelled
    },
    attempts: () => store.listAttempts(address, id),
  } satisfies Job)
}
