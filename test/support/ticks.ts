/** Something that is done ten times a second, never twice at once, and can be paused. @module */

import { createLoop } from '../../src/loop.ts'

/** Ticks that go on until they are stopped. */
export type Ticks = {
  /** Resolves when none is under way. */
  readonly pause: () => Promise<void>
  readonly resume: () => void
  readonly stop: () => Promise<void>
}

const PERIOD_MS = 100

/** @param tick - What it throws is as if nothing had happened. */
export function startTicks(tick: () => Promise<unknown>): Ticks {
  const loop = createLoop({
    async turn() {
      await tick()
      return PERIOD_MS
    },
    onFailure: () => PERIOD_MS,
  })
  const stop = () => {
    loop.stop()
    return loop.ended()
  }
  loop.start()
  return { pause: stop, resume: loop.start, stop }
}
