/** A clock that stands still, so that no answer comes too late, until a test lets time pass. @module */

import { jest } from '@jest/globals'

/** Timers and `performance.now()` stand still; sockets, files and promises go on. */
export type HeldClock = Disposable & {
  /** Lets so many milliseconds pass. */
  readonly pass: (ms: number) => Promise<void>
  /** Lets time pass, 20 ms at a time, until the promise has settled: for what waits for nothing else. */
  readonly passUntil: <T>(waiting: Promise<T>) => Promise<T>
  /** The same, but no time passes while a `fetch` is under way: for what is tried again and again. */
  readonly passBetweenRequests: <T>(ask: () => Promise<T>) => Promise<T>
}

const STEP_MS = 20
/** Turns of the event loop, plenty for a body that is in memory. */
const READING_TURNS = 20

/** Holds it until it is disposed of. */
export function holdClock(): HeldClock {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'Date'] })
  return {
    pass: (ms) => jest.advanceTimersByTimeAsync(ms),
    passUntil: (waiting) =>
      passWhile(
        waiting,
        () => true,
        () => jest.advanceTimersByTimeAsync(STEP_MS),
      ),
    async passBetweenRequests(ask) {
      const { fetch } = globalThis
      let under = 0
      let quiet = 0
      globalThis.fetch = async (...request) => {
        under += 1
        try {
          const reply = await fetch(...request)
          return new Response(await reply.arrayBuffer(), reply)
        } finally {
          under -= 1
        }
      }
      try {
        // A reply that has come is read in some more turns, which take no time either.
        // One timer at a time: the end of a pause begins a request, which has all that is left.
        return await passWhile(
          ask(),
          () => {
            quiet = under === 0 ? quiet + 1 : 0
            return quiet > READING_TURNS
          },
          () => jest.advanceTimersToNextTimerAsync(),
        )
      } finally {
        globalThis.fetch = fetch
      }
    },
    [Symbol.dispose]: () => void jest.useRealTimers(),
  }
}

async function passWhile<T>(
  waiting: Promise<T>,
  mayPass: () => boolean,
  step: () => Promise<void>,
): Promise<T> {
  let isOver = false
  const over = () => {
    isOver = true
  }
  waiting.then(over, over)
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve))
    if (mayPass()) await step()
  }
  return waiting
}
