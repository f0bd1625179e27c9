/** Callers that wait their turn: first come first served, bounded in number and time. @module */

import { onceAborted } from '../deadline.ts'

/** One who waits. */
type Waiter<T> = {
  readonly since: number
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

/** A line of callers that wait for a `T`. */
export type WaitingLine<T> = {
  readonly length: () => number
  /** Milliseconds that the first has waited. */
  readonly waitedMs: () => number
  /** Joins the line. Rejects with `signal.reason`, `busy(…)` or what `clear` is given. */
  readonly wait: (signal?: AbortSignal) => Promise<T>
  /** Serves the first. @returns False when nobody waits. */
  readonly serve: (value: T) => boolean
  /** Turns all away. */
  readonly clear: (reason: unknown) => void
}

/**
 * @param options - `maxWaiting`: callers; `timeoutMs`: milliseconds for each; `busy` makes the error
 * for one who comes too many or waits too long.
 */
export function createWaitingLine<T>(options: {
  readonly maxWaiting: number
  readonly timeoutMs: number
  readonly busy: (facts: { waiting: number; waitedMs: number }) => Error
}): WaitingLine<T> {
  const { maxWaiting, timeoutMs, busy } = options
  const line = new Set<Waiter<T>>() // keeps the order of insertion
  return {
    length: () => line.size,
    waitedMs() {
      const [first] = line
      return first === undefined ? 0 : performance.now() - first.since
    },
    async wait(signal) {
      signal?.throwIfAborted()
      if (line.size >= maxWaiting) throw busy({ waiting: line.size, waitedMs: 0 })
      let leave: (reason: unknown) => void = () => undefined
      const turn = new Promise<T>((resolve, reject) => {
        const waiter: Waiter<T> = { since: performance.now(), resolve, reject }
        line.add(waiter)
        leave = (reason) => {
          // At once: nobody may be served who is about to go.
          line.delete(waiter)
          reject(reason)
        }
      })
      const onTimeout = () => leave(busy({ waiting: line.size, waitedMs: timeoutMs }))
      const timer = setTimeout(onTimeout, timeoutMs)
      const stopListening = onceAborted(signal, leave)
      try {
        return await turn
      } finally {
        clearTimeout(timer)
        stopListening()
      }
    },
    serve(value) {
      const [first] = line
      if (first === undefined) return false
      line.delete(first)
      first.resolve(value)
      return true
    },
    clear(reason) {
      for (const { reject } of line) reject(reason)
      line.clear()
    },
  }
}
