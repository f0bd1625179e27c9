/** Work that is done again and again: when woken, and now and then. @module */

/** See `createLoop`. */
export type Loop = {
  /** @param onTrouble - Told of each failure; the loop goes on. */
  readonly start: (onTrouble: (thrown: unknown) => void) => void
  /** There may be something to do. */
  readonly wake: () => void
  /** Resolves when what runs has ended. */
  readonly stop: () => Promise<void>
}

const MAX_PAUSE_MS = 10_000

/**
 * @param pauseMs - Between two runs when nobody wakes it; doubled after each failure in a row.
 * @param work - Resolves to whether there is more to do at once.
 */
export function createLoop(pauseMs: number, work: () => Promise<boolean>): Loop {
  let stopped = false
  let woken = false
  let wakeUp: () => void = () => undefined
  let running: Promise<void> = Promise.resolve()

  async function rest(milliseconds: number): Promise<void> {
    if (woken || stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function run(onTrouble: (thrown: unknown) => void): Promise<void> {
    let failures = 0
    while (!stopped) {
      woken = false
      try {
        const more = await work()
        failures = 0
        if (!more) await rest(pauseMs)
      } catch (thrown) {
        failures += 1
        woken = false // being woken again and again must not make it busy while it fails
        onTrouble(thrown)
        await rest(Math.min(pauseMs * 2 ** failures, MAX_PAUSE_MS))
      }
    }
  }

  return {
    start(onTrouble) {
      running = run(onTrouble)
    },
    wake() {
      woken = true
      wakeUp()
    },
    async stop() {
      stopped = true
      wakeUp()
      await running
    },
  }
}
