/** Callers that wait for jobs: told at once by this process, and by the store when another did it. @module */

import { abortable } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { createLoop } from '../loop.ts'
import type { JobRow } from '../stores/store.ts'
import { answerOf, type JobOutcome, type Stage } from './outcome.ts'
import { createTurns } from './turns.ts'

/** Callers that wait. */
export type Waiters = {
  /**
   * @throws {SignerError} `JOB_FAILED`, `JOB_CANCELLED`, `JOB_QUARANTINED`, `JOB_UNKNOWN`,
   * `RELAY_CLOSED`.
   */
  readonly wait: (id: string, stage: Stage, signal?: AbortSignal) => Promise<JobOutcome>
  /** Tells those who wait for these jobs to look. */
  readonly notify: (ids: readonly string[]) => void
  readonly size: () => number
  readonly close: () => void
}

/** Another process may have ended a job: how often to look, in milliseconds. */
const LOOK_MS = 1_000
/** Jobs in one look. */
const LOOK_AT_ONCE = 1_000

/** @param read - Reads jobs as they are in the store; unknown ones are left out. */
export function createWaiters(
  address: string,
  read: (ids: readonly string[]) => Promise<readonly JobRow[]>,
): Waiters {
  type Waiter = {
    readonly stage: Stage
    readonly resolve: (outcome: JobOutcome) => void
    readonly reject: (reason: unknown) => void
  }
  const waiting = new Map<string, Set<Waiter>>()
  const turns = createTurns({ all: () => waiting.keys(), restMs: LOOK_MS, most: LOOK_AT_ONCE })
  let closed: SignerError | undefined

  function tell(id: string, row: JobRow | undefined): void {
    const waiters = waiting.get(id)
    for (const waiter of waiters ?? []) {
      const answer = answerOf(id, row, waiter.stage)
      if (answer === undefined) continue
      waiters?.delete(waiter)
      if (answer instanceof Error) waiter.reject(answer)
      else waiter.resolve(answer)
    }
    if (waiters?.size === 0) waiting.delete(id)
  }

  const looks = createLoop({
    isNeeded: () => waiting.size > 0,
    async turn() {
      const ids = turns.next().filter((id) => waiting.has(id))
      try {
        const rows = new Map((await readSome(ids)).map((row) => [row.id, row]))
        for (const id of ids) tell(id, rows.get(id))
      } catch (thrown) {
        for (const id of ids) turns.hurry(id)
        throw thrown
      }
      return turns.inMs()
    },
    onFailure: () => LOOK_MS, // the store is told of elsewhere
  })
  const readSome = async (ids: readonly string[]) => (ids.length === 0 ? [] : read(ids))

  return Object.freeze({
    size: () => waiting.size,
    async wait(id, stage, signal) {
      if (closed !== undefined) throw closed
      const waiters = waiting.get(id) ?? new Set()
      waiting.set(id, waiters)
      let waiter: Waiter | undefined
      const outcome = new Promise<JobOutcome>((resolve, reject) => {
        waiter = { stage, resolve, reject }
        waiters.add(waiter)
      })
      turns.hurry(id)
      looks.start()
      looks.wake()
      try {
        return await abortable(outcome, signal)
      } finally {
        if (waiter !== undefined) waiters.delete(waiter)
        if (waiters.size === 0 && waiting.get(id) === waiters) waiting.delete(id)
      }
    },
    notify(ids) {
      const waited = ids.filter((id) => waiting.has(id))
      for (const id of waited) turns.hurry(id)
      if (waited.length > 0) looks.wake()
    },
    close() {
      closed = new SignerError('RELAY_CLOSED', { address })
      for (const waiters of waiting.values()) for (const { reject } of waiters) reject(closed)
      waiting.clear()
      looks.stop()
    },
  } satisfies Waiters)
}
