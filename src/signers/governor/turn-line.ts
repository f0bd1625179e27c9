/** Callers of one quota in a line, let go at reserved moments. @module */

import { onceAborted, withDeadline } from '../../deadline.ts'
import { createLocalTurns, type ReserveTurns } from './local-turns.ts'

/** So many milliseconds of turns are reserved with one question at most. */
const CHUNK_MS = 50
/** The next turns are asked for when those reserved reach no further than this. */
const AHEAD_MS = 100
/** Milliseconds; a turn may be further away than a timer can count. */
const MAX_TIMER_MS = 60_000
/** Milliseconds for one question. */
const RESERVE_TIMEOUT_MS = 1_000

/** How to run a line. */
export type TurnLineOptions = {
  readonly name: string
  /** Whole turns in any second, whatever was reserved. */
  readonly maxPerSecond: number
  /** The rate to reserve at, now. */
  readonly perSecond: () => number
  readonly reserve: ReserveTurns
  /** The turns could not be reserved; they are taken from this process's own count. */
  readonly onReserveFailed: () => void
}

/** A line of callers. */
export type TurnLine = {
  readonly length: () => number
  /** Milliseconds until somebody who joins now would have its turn, as far as is known here. */
  readonly waitMs: () => number
  /**
   * Waits for a turn. Rejects with `signal.reason`; the turn is then that of the next.
   *
   * @param first - Goes before all who do not.
   */
  readonly wait: (options: {
    readonly first: boolean
    readonly signal?: AbortSignal | undefined
  }) => Promise<void>
}

/** No timer runs while nobody waits. */
export function createTurnLine(options: TurnLineOptions): TurnLine {
  const { name, maxPerSecond, perSecond, reserve, onReserveFailed } = options
  const ownTurns = createLocalTurns()
  const urgent = new Set<() => void>() // sets keep the order of insertion
  const waiting = new Set<() => void>()
  /** Reserved and not taken yet, by `performance.now()`. */
  let turns: number[] = []
  let lastTurnAt = Number.NEGATIVE_INFINITY
  let reserving = false
  let timer: NodeJS.Timeout | undefined
  /** When the last callers were let go: a ring, so that a late timer cannot crowd a second. */
  const starts = new Float64Array(maxPerSecond).fill(Number.NEGATIVE_INFINITY)
  let started = 0

  const length = () => urgent.size + waiting.size
  const oldestStart = () => starts[started % maxPerSecond] ?? 0
  /** Turns at the current rate, and how far apart. */
  const pace = () => {
    const rate = Math.max(1, Math.floor(perSecond()))
    return { rate, intervalMs: 1_000 / rate }
  }

  function pump(): void {
    clearTimeout(timer)
    const now = performance.now()
    for (; length() > 0; turns.shift()) {
      const [turn] = turns
      if (turn === undefined) break
      const at = Math.max(turn, oldestStart() + 1_000)
      if (at > now) {
        // A timer may be late; the turns after it are not, since they are moments and no pauses.
        timer = setTimeout(pump, Math.min(Math.max(1, Math.ceil(at - now)), MAX_TIMER_MS))
        break
      }
      starts[started % maxPerSecond] = now
      started += 1
      serve(urgent.size > 0 ? urgent : waiting)
    }
    reserveAhead(now)
  }

  function serve(line: Set<() => void>): void {
    const [go] = line
    if (go === undefined) return
    line.delete(go)
    go()
  }

  function reserveAhead(now: number): void {
    const missing = length() - turns.length
    const known = turns.at(-1) ?? now
    if (reserving || missing <= 0 || known - now > AHEAD_MS) return
    reserving = true
    const { rate, intervalMs } = pace()
    const count = Math.min(missing, Math.max(1, Math.floor((rate * CHUNK_MS) / 1_000)))
    void ask({ name, count, perSecond: rate }).then((delayMs) => {
      reserving = false
      const first = performance.now() + delayMs
      for (let index = 0; index < count; index++) turns.push(first + index * intervalMs)
      lastTurnAt = first + (count - 1) * intervalMs
      pump()
    })
  }

  /** Never rejects: without the shared count, the own one is better than to sign nothing. */
  async function ask(request: Parameters<ReserveTurns>[0]): Promise<number> {
    const onTimeout = () => new Error('no turns in time')
    const bound = { timeoutMs: RESERVE_TIMEOUT_MS, onTimeout }
    try {
      const delayMs = await withDeadline(bound, () => reserve(request))
      if (Number.isFinite(delayMs) && delayMs >= 0) return delayMs
    } catch {
      // as when it is no delay
    }
    onReserveFailed()
    return ownTurns(request)
  }

  return {
    length,
    waitMs() {
      const { intervalMs } = pace()
      const unreserved = Math.max(0, length() - turns.length)
      const nextMs = Math.max(0, lastTurnAt + intervalMs - performance.now())
      return nextMs + unreserved * intervalMs
    },
    async wait({ first, signal }) {
      signal?.throwIfAborted()
      const line = first ? urgent : waiting
      const now = performance.now()
      if (length() === 0) turns = turns.filter((turn) => turn >= now) // nobody took the others
      let leave: () => void = () => undefined
      const turn = new Promise<void>((resolve, reject) => {
        line.add(resolve)
        leave = () => {
          // At once: nobody may be let go who is about to leave.
          line.delete(resolve)
          reject(signal?.reason)
          if (length() === 0) clearTimeout(timer)
        }
      })
      const stopListening = onceAborted(signal, leave)
      pump()
      try {
        await turn
      } finally {
        stopListening()
      }
    },
  }
}
