/** A store whose user can crash: what is asked for goes on, and nothing is ever answered. @module */

import type { RelayStore } from '../../src/stores/index.ts'

const never = new Promise<never>(() => undefined)

/**
 * After `crash`, steps under way still happen in the store, as they do when a process is killed that
 * waits for its database; steps asked for later do not.
 */
export function crashable(store: RelayStore): {
  readonly store: RelayStore
  readonly crash: () => void
} {
  let crashed = false
  // The casts: each step keeps its name, its arguments and its answer.
  const cut =
    (step: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      if (crashed) return never
      const result = await step(...args)
      return crashed ? never : result
    }
  const steps = Object.entries(store as unknown as Record<string, Parameters<typeof cut>[0]>)
  return {
    store: Object.fromEntries(steps.map(([name, step]) => [name, cut(step)])) as RelayStore,
    crash: () => {
      crashed = true
    },
  }
}
