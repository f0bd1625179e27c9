/** When one job may try whether what holds the relay is over: more and more slowly. @module */

const MIN_MS = 1_000
const MAX_MS = 60_000

/** Who tries next, and when. */
export type Probes = {
  /** Something does not work. Many that fail at once are one failure. */
  readonly failed: () => void
  /** @returns Whether one may try now; the next not before this one can have ended. */
  readonly take: () => boolean
  /** Milliseconds until `take`. */
  readonly inMs: () => number
  /** It works. */
  readonly reset: () => void
}

export function createProbes(): Probes {
  let pauseMs = 0
  let dueAt = 0
  /** Whether one has tried since it failed last. */
  let tried = true
  const rest = () => {
    dueAt = performance.now() + pauseMs
  }
  return {
    failed() {
      if (!tried) return
      tried = false
      pauseMs = pauseMs === 0 ? MIN_MS : Math.min(pauseMs * 2, MAX_MS)
      rest()
    },
    take() {
      if (performance.now() < dueAt) return false
      tried = true
      rest()
      return true
    },
    inMs: () => Math.max(0, dueAt - performance.now()),
    reset() {
      pauseMs = 0
      dueAt = 0
      tried = true
    },
  }
}
