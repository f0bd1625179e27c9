/** A clock that stands still, so that no answer comes too late, until a test lets time pass. @module */

import { jest } from '@jest/globals'

/** Timers and `performance.now()` stand still; sockets, files and promises go on. */
export type HeldClock = Disposable & {
  /** Lets time pass, 20 ms at a time, until the promise has settled: for what waits for nothing else. */
  readonly passUntil: <T>(waiting: Promise<T>) => Promise<T>
}

const STEP_MS = 20

/** Holds it until it is disposed of. */
export function holdClock(): HeldClock {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'Date'] })
  return {
    async passUntil(waiting) {
      let isOver = false
      const over = () => {
        isOver = true
      }
      waiting.then(over, over)
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve))
        await jest.advanceTimersByTimeAsync(STEP_MS)
      }
      return waiting
    },
    [Symbol.dispose]: () => void jest.useRealTimers(),
  }
}
