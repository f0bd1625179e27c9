/** Numbers that look random and come again from the same seed. @module */

/** Draws from one seed. */
export type Random = {
  /** From 0 to below 1. */
  readonly next: () => number
  /** Whole, both ends included. */
  readonly whole: (least: number, most: number) => number
}

/** Mulberry32: 32 bits of state, enough to choose moments and sizes. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, whole: (least, most) => least + Math.floor(next() * (most - least + 1)) }
}
