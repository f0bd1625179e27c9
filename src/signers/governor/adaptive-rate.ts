/** A rate that gives way when the backend throttles, and comes back. @module */

/** Seconds from nothing to the full rate. */
const RECOVERY_S = 10

/** Times are milliseconds of one clock that never goes back. */
export type AdaptiveRate = {
  /** Turns a second at this moment, 1 at least. */
  readonly at: (now: number) => number
  /**
   * Halves the rate: once for all requests that were on their way when it was halved last, since
   * they tell of the rate before.
   *
   * @param startedAt - When the request that was throttled was sent.
   * @returns Whether it was halved.
   */
  readonly slow: (now: number, startedAt: number) => boolean
}

/** @param full - Turns a second, which it never exceeds. */
export function createAdaptiveRate(full: number): AdaptiveRate {
  let base = full
  let slowedAt = Number.NEGATIVE_INFINITY
  const at = (now: number) =>
    Math.min(full, base + ((full / RECOVERY_S) * (now - slowedAt)) / 1_000)
  return {
    at,
    slow(now, startedAt) {
      if (startedAt <= slowedAt) return false
      base = Math.max(1, at(now) / 2)
      slowedAt = now
      return true
    },
  }
}
