/** Failures of one kind that follow each other. @module */

import { doubling } from '../retry.ts'

/** Counts them, by kind. */
export type Streaks<Kind extends string> = {
  /**
   * Many may fail together: what comes before the pause of the last count is over is of the same.
   *
   * @returns How many in a row, from 1.
   */
  readonly note: (kind: Kind) => number
  /** It worked. Without a kind: all of them are over. */
  readonly end: (kind?: Kind) => void
}

/** @param pauses - Of the first, and at most, in milliseconds; they double. */
export function createStreaks<Kind extends string>(
  pauses: { readonly minMs: number; readonly maxMs: number },
  now: () => number = () => performance.now(),
): Streaks<Kind> {
  const rows = new Map<Kind, { readonly count: number; readonly nextAt: number }>()
  return {
    note(kind) {
      const row = rows.get(kind)
      if (row !== undefined && now() < row.nextAt) return row.count
      const count = (row?.count ?? 0) + 1
      rows.set(kind, { count, nextAt: now() + doubling(pauses.minMs, pauses.maxMs, count) })
      return count
    },
    end: (kind) => (kind === undefined ? rows.clear() : void rows.delete(kind)),
  }
}
