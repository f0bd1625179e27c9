/** When a node that does not tell the results of a block is believed never to do so. @module */

/** After as many vain requests it is asked whether the block is sealed. */
const PATIENT_ASKS = 8
/** A node that does not tell the results of a sealed block as often never will. */
const MAX_SEALED_ASKS = 5

/** Counts of the block that is asked for. */
export type VainAsks = {
  /** @returns Whether it will never be told. */
  readonly count: (height: number) => Promise<boolean>
  readonly forget: () => void
}

/** @param isSealed - Asked of the block, after some patience. */
export function createVainAsks(isSealed: (height: number) => Promise<boolean>): VainAsks {
  const none = { height: -1, asks: 0, sealedAsks: 0 }
  let vain = none
  return Object.freeze({
    async count(height) {
      if (vain.height !== height) vain = { ...none, height }
      const mine = vain
      mine.asks += 1
      if (mine.asks < PATIENT_ASKS || !(await isSealed(height))) return false
      mine.sealedAsks += 1
      if (mine.sealedAsks < MAX_SEALED_ASKS) return false
      vain = none
      return true
    },
    forget() {
      vain = none
    },
  } satisfies VainAsks)
}
