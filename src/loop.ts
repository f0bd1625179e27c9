/** The one motor of what looks, rests and looks again. @module */

/** Turns that follow each other, never two at once. */
export type Loop = {
  /** Begins, unless it runs. */
  readonly start: () => void
  /**
   * There may be something to do: the rest ends, or no rest follows the turn that is under way. The
   * pause after a failure stays, so that what fails is not hurried into failing again.
   */
  readonly wake: () => void
  /** Ends with the turn that is under way, and rests no more. `start` begins anew. */
  readonly stop: () => void
  /** Resolves when no turn is under way and none will come. */
  readonly ended: () => Promise<void>
  /** Milliseconds since it began; 0 when it does not run. */
  readonly runsMs: () => number
}

/** What a loop does. */
export type LoopOptions = {
  /** @returns Milliseconds of rest until the next turn; `undefined` rests until it is woken. */
  readonly turn: () => Promise<number | undefined>
  /**
   * What a turn threw, and how many threw in a row. Must not throw.
   *
   * @returns Milliseconds until the next turn.
   */
  readonly onFailure: (thrown: unknown, failures: number) => number
  /** Asked before each turn and each rest: false ends the loop. Default: always. */
  readonly isNeeded?: () => boolean
  /** Whether its rests let the process end. Default: they do not. */
  readonly isBackground?: boolean
  /** Told when it ended, however. */
  readonly onEnd?: () => void
}

/** The longest that a timer of Node.js waits, in milliseconds. */
export const FOREVER_MS = 2_147_483_647

/** Holds a timer, and so the process unless told otherwise, only while it rests for a time that it was told. */
export function createLoop(options: LoopOptions): Loop {
  const { turn, onFailure, isNeeded = () => true, onEnd = () => undefined } = options
  const { isBackground = false } = options
  let running: Promise<void> | undefined
  let startedAt = 0
  let stopped = false
  let woken = false
  let resting: { readonly kind: 'rest' | 'failure'; readonly end: () => void } | undefined

  const goesOn = () => !stopped && isNeeded()

  async function rest(kind: 'rest' | 'failure', restMs: number | undefined): Promise<void> {
    if (restMs !== undefined && restMs <= 0) return
    await new Promise<void>((resolve) => {
      const ms = Math.min(restMs ?? FOREVER_MS, FOREVER_MS)
      const timer = restMs === undefined ? undefined : setTimeout(resolve, ms)
      if (isBackground) timer?.unref()
      const end = () => {
        clearTimeout(timer)
        resolve()
      }
      resting = { kind, end }
    })
    resting = undefined
  }

  async function run(): Promise<void> {
    for (let failures = 0; goesOn(); ) {
      woken = false
      try {
        const restMs = await turn()
        failures = 0
        if (!woken && goesOn()) await rest('rest', restMs)
      } catch (thrown) {
        failures += 1
        const pauseMs = onFailure(thrown, failures)
        if (goesOn()) await rest('failure', pauseMs)
      }
    }
  }

  function start(): void {
    stopped = false
    if (running !== undefined) return
    startedAt = performance.now()
    running = run().finally(() => {
      running = undefined
      if (goesOn())
        start() // it was started again while it ended
      else onEnd()
    })
  }

  return Object.freeze({
    start,
    wake() {
      woken = true
      if (resting?.kind === 'rest' || !goesOn()) resting?.end()
    },
    stop() {
      stopped = true
      resting?.end()
    },
    async ended() {
      while (running !== undefined) await running
    },
    runsMs: () => (running === undefined ? 0 : performance.now() - startedAt),
  } satisfies Loop)
}
