/** Looks again and again while it is needed, more and more slowly while it fails. @module */

import { pause } from '../deadline.ts'
import { doubling } from '../retry.ts'

/** The longest pause after errors, in milliseconds. */
const MAX_PAUSE_MS = 10_000

/** A loop that runs only while it is needed. */
export type PollLoop = {
  /** Begins, unless it runs. */
  readonly start: () => void
  /** Ends the pause: there is something new, or nothing left to look for. */
  readonly hurry: () => void
  /** Milliseconds since it began; 0 when it does not run. */
  readonly runsMs: () => number
}

/**
 * Holds a timer, and so the process, only while it runs.
 *
 * @param look - Resolves to the milliseconds until the next look.
 * @param onFailure - Told what a look threw, and how many did in a row; must not throw.
 * @param onEnd - Told when it is not needed any more.
 */
export function createPollLoop(options: {
  readonly isNeeded: () => boolean
  readonly look: () => Promise<number>
  readonly pollMs: number
  readonly onFailure: (thrown: unknown, failures: number) => void
  readonly onEnd: () => void
}): PollLoop {
  const { isNeeded, look, pollMs, onFailure } = options
  let startedAt: number | undefined
  let resting = new AbortController()

  const run = async () => {
    for (let failures = 0; isNeeded(); ) {
      let pauseMs = 0
      try {
        pauseMs = await look()
        failures = 0
      } catch (thrown) {
        if (!isNeeded()) return
        failures += 1
        onFailure(thrown, failures)
        pauseMs = doubling(pollMs, Math.max(pollMs, MAX_PAUSE_MS), failures)
      }
      if (pauseMs <= 0 || !isNeeded()) continue
      resting = new AbortController()
      await pause(pauseMs, resting.signal).catch(() => undefined)
    }
  }
  const start = () => {
    if (startedAt !== undefined) return
    startedAt = performance.now()
    const end = () => {
      startedAt = undefined
      if (isNeeded()) start()
      else options.onEnd()
    }
    run().then(end, end)
  }
  return Object.freeze({
    start,
    hurry: () => resting.abort(),
    runsMs: () => (startedAt === undefined ? 0 : performance.now() - startedAt),
  } satisfies PollLoop)
}
