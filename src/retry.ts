/** Trying again, with growing pauses, inside a total time. @module */

import { type Clock, createClock, pause } from './deadline.ts'

/** How to go about trying again. */
export type RetryOptions = {
  /** Milliseconds for everything: attempts and pauses. */
  readonly totalTimeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Measures that time. Default: one of its own, that never stands still. */
  readonly clock?: Clock
  /** The bound of the pause after this failure, in milliseconds; `undefined` gives up. */
  readonly pauseMs: (thrown: unknown, attempts: number) => number | undefined
  /** What to throw in the end. */
  readonly finalError: (thrown: unknown, attempts: number, elapsedMs: number) => unknown
}

/**
 * Pauses are drawn at random below their bound ("full jitter"), so that callers who failed
 * together do not come back together. Rejects with `signal.reason` when the caller aborts.
 *
 * @param run - One attempt; given its number from 1 and the milliseconds left.
 */
export async function retrying<T>(
  options: RetryOptions,
  run: (attempt: number, leftMs: number) => Promise<T>,
): Promise<T> {
  const { totalTimeoutMs, signal, clock = createClock() } = options
  const leftMs = () => totalTimeoutMs - clock.elapsedMs()
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt, Math.min(totalTimeoutMs, leftMs()))
    } catch (thrown) {
      signal?.throwIfAborted()
      const boundMs = options.pauseMs(thrown, attempt)
      const pauseMs = Math.random() * (boundMs ?? 0)
      const again = boundMs !== undefined && pauseMs < leftMs()
      if (again) await pause(pauseMs, signal)
      if (!again || leftMs() <= 0)
        // a timer may oversleep
        throw options.finalError(thrown, attempt, Math.round(totalTimeoutMs - leftMs()))
    }
  }
}

/** `baseMs` doubled for each attempt after the first, up to `maxMs`. */
export const doubling = (baseMs: number, maxMs: number, attempts: number): number =>
  Math.min(baseMs * 2 ** (attempts - 1), maxMs)
