/** Callers that wait for jobs: told at once by this process, and by the store when another did it. @module */

import { abortable, pause } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import type { JobRow } from '../stores/store.ts'

/** How a job ended. */
export type JobOutcome = {
  readonly id: string
  /** Null when the contract says that it is fulfilled and the transaction was not looked for. */
  readonly transactionId: string | null
  readonly blockHeight: number | null
}

/** What is waited for. */
export type Stage = 'executed' | 'sealed'

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

/** Another process may have ended a job: how often to look, and how many jobs in one look. */
const LOOK_MS = 1_000
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
  const due = new Set<string>()
  const closing = new AbortController()
  let looking = false
  let wakeUp: () => void = () => undefined

  function tell(id: string, row: JobRow | undefined): void {
    const waiters = waiting.get(id)
    for (const waiter of waiters ?? []) {
      const answer = row === undefined ? unknown(id) : answerOf(row, waiter.stage)
      if (answer === undefined) continue
      waiters?.delete(waiter)
      if (answer instanceof Error) waiter.reject(answer)
      else waiter.resolve(answer)
    }
    if (waiters?.size === 0) waiting.delete(id)
  }

  /** Looks at those that were told of at once, and at all others now and then. */
  async function look(): Promise<void> {
    while (waiting.size > 0 && !closing.signal.aborted) {
      const all = due.size === 0
      const ids = (all ? [...waiting.keys()] : [...due]).slice(0, LOOK_AT_ONCE)
      for (const id of ids) due.delete(id)
      try {
        const rows = new Map((await read(ids)).map((row) => [row.id, row]))
        for (const id of ids) tell(id, rows.get(id))
      } catch {
        await pause(LOOK_MS, closing.signal).catch(() => undefined) // the store is told of elsewhere
      }
      if (due.size > 0 || waiting.size === 0) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS)
        wakeUp = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    looking = false
  }

  function startLooking(): void {
    if (looking) return
    looking = true
    void look()
  }

  return {
    size: () => waiting.size,
    async wait(id, stage, signal) {
      if (closing.signal.aborted) throw new SignerError('RELAY_CLOSED', { address })
      const waiters = waiting.get(id) ?? new Set()
      waiting.set(id, waiters)
      let waiter: Waiter | undefined
      const outcome = new Promise<JobOutcome>((resolve, reject) => {
        waiter = { stage, resolve, reject }
        waiters.add(waiter)
      })
      due.add(id)
      startLooking()
      wakeUp()
      try {
        return await abortable(outcome, signal)
      } finally {
        if (waiter !== undefined) waiters.delete(waiter)
        if (waiters.size === 0 && waiting.get(id) === waiters) waiting.delete(id)
      }
    },
    notify(ids) {
      for (const id of ids) if (waiting.has(id)) due.add(id)
      if (due.size > 0) wakeUp()
    },
    close() {
      const closed = new SignerError('RELAY_CLOSED', { address })
      closing.abort(closed)
      for (const waiters of waiting.values()) for (const { reject } of waiters) reject(closed)
      waiting.clear()
      wakeUp()
    },
  }
}

const unknown = (id: string) => new SignerError('JOB_UNKNOWN', { id })

function answerOf(row: JobRow, stage: Stage): JobOutcome | Error | undefined {
  const { id, transactionId, blockHeight } = row
  const reason = row.reason ?? ''
  const facts = { id, transactionId: transactionId ?? '', reason }
  if (row.state === 'failed') return new SignerError('JOB_FAILED', facts)
  if (row.state === 'cancelled') return new SignerError('JOB_CANCELLED', { id })
  if (row.state === 'quarantined') return new SignerError('JOB_QUARANTINED', facts)
  const reached =
    row.state === 'done' || (stage === 'executed' && row.executed && row.errorCode === null)
  return reached ? { id, transactionId, blockHeight } : undefined
}
