/** The store in memory: for tests, scripts and one process that may forget. @module */

import { createMemoryAttempts } from './memory/attempts.ts'
import { createMemoryHold } from './memory/hold.ts'
import { createMemoryJobs } from './memory/jobs.ts'
import { createMemoryProposalKeys } from './memory/proposal-keys.ts'
import { createMemoryState, now } from './memory/state.ts'
import type { RelayStore } from './store.ts'

/**
 * Keeps to all that the other stores do, except that nothing is left when the process ends: what was
 * in flight then is only on the chain.
 */
export function createMemoryStore(): RelayStore {
  const state = createMemoryState()
  return Object.freeze({
    ...createMemoryProposalKeys(state),
    ...createMemoryJobs(state),
    ...createMemoryAttempts(state),
    ...createMemoryHold(state),
    reserveTurns: async ({ name, count, perSecond }) => {
      const moment = now()
      const first = Math.max(state.turns.get(name) ?? 0, moment)
      state.turns.set(name, first + (count / perSecond) * 1_000)
      return first - moment
    },
  } satisfies RelayStore)
}
