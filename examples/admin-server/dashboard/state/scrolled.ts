/** How far a part of the page was on the screen, from its beginning on. Pure. @module */

/** A stretch of the part, in pixels below its beginning. */
export type Stretch = { readonly top: number; readonly bottom: number }

/** Pixels: places are fractions on some screens. */
const TOLERANCE = 2

/**
 * What was jumped over was not seen: only a stretch that joins what was seen before adds to it.
 *
 * @param before - Pixels from the beginning that were seen without a gap.
 * @param shown - What is on the screen now.
 */
export const seenDownTo = (before: number, { top, bottom }: Stretch): number =>
  top <= before + TOLERANCE ? Math.max(before, bottom) : before

/** @param end - Where the end of the part is. */
export const isSeenTo = (end: number, seen: number): boolean => seen + TOLERANCE >= end
