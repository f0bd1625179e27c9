/** Turns of a rate, kept in this process. @module */

/**
 * Takes `count` turns of a rate.
 *
 * @returns Milliseconds from now until the first of the turns; they follow each other at the rate.
 */
export type ReserveTurns = (request: {
  readonly name: string
  readonly count: number
  readonly perSecond: number
}) => Promise<number>

/**
 * One moment for each name says all: when its next turn is free. Turns that nobody took are lost,
 * so a pause is not followed by a burst.
 *
 * @see ITU-T I.371 annex A for the generic cell rate algorithm, here without a burst.
 */
export function createLocalTurns(): ReserveTurns {
  const nextAt = new Map<string, number>()
  return async ({ name, count, perSecond }) => {
    const now = performance.now()
    const first = Math.max(now, nextAt.get(name) ?? now)
    nextAt.set(name, first + (count * 1_000) / perSecond)
    return first - now
  }
}
