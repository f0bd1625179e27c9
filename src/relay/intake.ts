/** Takes jobs in: many callers, one step of the store, and an end to each wait. @module */

import { isSignerError } from '../errors.ts'
import { coalesce } from '../proposal-keys/coalesce.ts'
import type { JobIntent, JobRow, RelayStore } from '../stores/store.ts'

/** A job that was taken in, and whether it is new; `undefined` when there was no room. */
export type TakenIn = { readonly job: JobRow; readonly created: boolean } | undefined

/** Jobs that are stored in one step. */
const MAX_STEP = 500

/**
 * While the store answers, callers wait for their turn, however many there are. When it does not
 * answer a step in time, all who wait are told so at once, and for those of them who were not part
 * of the step nothing is asked of the store any more.
 *
 * @param store - Whose steps end: see `createBoundedStore`.
 * @returns A function for one job. Rejects with `STORE_UNAVAILABLE`: the job may be stored or not.
 */
export function createIntake(options: {
  readonly address: string
  readonly store: Pick<RelayStore, 'addJobs'>
  readonly maxOpenJobs: number
}): (intent: JobIntent) => Promise<TakenIn> {
  const { address, store, maxOpenJobs } = options
  type Caller = { readonly intent: JobIntent; readonly reject: (reason: unknown) => void }
  const waiting = new Set<Caller>()

  const ask = coalesce(async (callers: readonly Caller[]): Promise<readonly TakenIn[]> => {
    const present = callers.filter((caller) => waiting.has(caller))
    if (present.length === 0) return callers.map(() => undefined)
    const intents = present.map(({ intent }) => intent)
    try {
      const added = await store.addJobs(address, intents, maxOpenJobs)
      const answers = new Map(present.map((caller, index) => [caller, added[index]]))
      return callers.map((caller) => answers.get(caller))
    } catch (thrown) {
      if (isUnanswered(thrown)) dismiss(thrown)
      throw thrown
    }
  }, MAX_STEP)

  function dismiss(reason: unknown): void {
    for (const { reject } of waiting) reject(reason)
    waiting.clear()
  }

  return (intent) =>
    new Promise((resolve, reject) => {
      const caller = { intent, reject }
      waiting.add(caller)
      const answered = ask(caller).finally(() => waiting.delete(caller))
      answered.then(resolve, reject)
    })
}

const isUnanswered = (thrown: unknown): boolean =>
  isSignerError(thrown, 'STORE_UNAVAILABLE') && thrown.context.waitedMs !== undefined
