/** A store whose every step has an end, whatever the store itself does. @module */

import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import type { ProposalKeyStore, RelayStore } from './store.ts'

/** Every step that a store has; a new one does not compile until it is named here. */
const steps: Readonly<Record<keyof RelayStore, true>> = {
  enrollKeys: true,
  listKeys: true,
  leaseKeys: true,
  commitLeases: true,
  settleLeases: true,
  extend: true,
  adoptKeys: true,
  restoreKey: true,
  addJobs: true,
  getJobs: true,
  listJobs: true,
  countJobs: true,
  cancelJob: true,
  claimJobs: true,
  unclaimJobs: true,
  openAttempts: true,
  settleAttempts: true,
  adoptAttempts: true,
  listAttempts: true,
  resolveJob: true,
  readHold: true,
  setHold: true,
  clearHold: true,
  setPaused: true,
  resume: true,
  prune: true,
  reserveTurns: true,
}

type Step = (...args: readonly unknown[]) => Promise<unknown>

/**
 * A step that is not answered in time may still be taken later: whoever is told so knows as little as
 * when a database is lost in the middle of a step. Nothing is asked twice here.
 *
 * @param timeoutMs - Milliseconds for each step.
 * @param signal - Ends all steps: once it is aborted the store is asked for nothing.
 * @returns The same steps. Each rejects with `STORE_UNAVAILABLE`, whose `waitedMs` is `timeoutMs`,
 * when the store has not answered by then, and with `signal.reason` on abort.
 */
export function createBoundedStore<Store extends ProposalKeyStore>(
  store: Store,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Store {
  const { timeoutMs, signal } = options
  // Each step keeps its name, its arguments and its answer, so the whole keeps its type.
  const given = store as unknown as Readonly<Record<string, Step>>
  const bounded = (operation: string): Step => {
    const onTimeout = () => new SignerError('STORE_UNAVAILABLE', { operation, waitedMs: timeoutMs })
    return (...args) =>
      withDeadline({ timeoutMs, onTimeout, signal }, async () => given[operation]?.(...args))
  }
  const present = Object.keys(steps).filter((operation) => operation in given)
  const named = present.map((operation) => [operation, bounded(operation)])
  return Object.freeze(Object.fromEntries(named)) as Store
}
