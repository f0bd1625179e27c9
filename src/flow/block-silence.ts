/** Notices that no new block comes for long. @module */

/** Told of the head at each look. */
export type BlockSilence = {
  readonly note: (height: number | undefined) => void
  /** Nobody looks for a while: the time does not count. */
  readonly forget: () => void
}

/**
 * @param patienceMs - Milliseconds without a new block until it is told, and until it is told again.
 * @param now - Milliseconds.
 */
export function createBlockSilence(
  patienceMs: number,
  onSilent: (height: number, quietMs: number) => void,
  now: () => number = () => performance.now(),
): BlockSilence {
  let known: { readonly height: number; readonly since: number; toldAt: number } | undefined
  return Object.freeze({
    note(height) {
      if (height === undefined) return
      const at = now()
      if (known?.height !== height) known = { height, since: at, toldAt: at }
      if (at - known.toldAt < patienceMs) return
      known.toldAt = at
      onSilent(height, Math.round(at - known.since))
    },
    forget() {
      known = undefined
    },
  } satisfies BlockSilence)
}
