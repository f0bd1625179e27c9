/** What is known of a hold: the row of the store, and what was said here and is not stored yet. @module */

import type { HoldEnd, HoldRow } from '../stores/store.ts'

/** A cause, and what ends it. */
export type Held = NonNullable<HoldRow['hold']>

/** What was said here: that it holds, or that this is over. */
export type Change = { readonly code: string; readonly hold: Held | null }

/** What is known. */
export type HoldState = {
  readonly paused: () => boolean
  /** The strongest of what is stored and of what is to be. */
  readonly held: () => Held | undefined
  /** The oldest that is to be stored. */
  readonly next: () => Change | undefined
  /** To be stored, in place of what was said of the same code before. */
  readonly say: (change: Change) => void
  /** All that is to be stored now. */
  readonly said: () => readonly Change[]
  /** The store has answered with this row; these need not be said any more. */
  readonly learn: (row: HoldRow, done?: readonly Change[]) => void
  /** Those of all that hold which end when this is reached. */
  readonly endedBy: (reached: 'signed' | 'executed') => readonly Held[]
}

const ranks: Readonly<Record<HoldEnd, number>> = { signed: 0, executed: 1, operator: 2 }

/** As the store decides: the stronger one, of two alike the later, and never another than an operator's. */
const stronger = (best: Held | undefined, next: Held): Held =>
  best === undefined || (ranks[next.end] >= ranks[best.end] && best.end !== 'operator')
    ? next
    : best

export function createHoldState(): HoldState {
  let row: HoldRow = { paused: false, hold: null }
  const changes = new Map<string, Change>()

  function all(): readonly Held[] {
    const { hold } = row
    const stored = hold === null || changes.get(hold.code)?.hold === null ? [] : [hold]
    const said = [...changes.values()].flatMap(({ hold }) => (hold === null ? [] : [hold]))
    return [...stored, ...said]
  }

  return {
    paused: () => row.paused,
    held: () => all().reduce<Held | undefined>(stronger, undefined),
    next: () => changes.values().next().value,
    say(change) {
      changes.set(change.code, change)
    },
    said: () => [...changes.values()],
    learn(answer, done = []) {
      row = answer
      // What was said again meanwhile is another change.
      for (const change of done)
        if (changes.get(change.code) === change) changes.delete(change.code)
    },
    endedBy: (reached) =>
      all().filter(({ end }) => end === 'signed' || (end === 'executed' && reached === 'executed')),
  }
}
