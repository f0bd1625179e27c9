/** Whether a rotation has the keys of an account now, by what it wrote into their rows. @module */

import { rotationHoldOf } from '../stores/rotation-hold.ts'
import type { ProposalKeyRow } from '../stores/store.ts'
import type { FoundCopies } from './copies.ts'

/** What a pool knows of rotations. */
export type RotationWatch = {
  /** The rows as they are, and the account as it was read last. */
  readonly note: (rows: readonly ProposalKeyRow[], account: Pick<FoundCopies, 'revoked'>) => void
  /** Whether nothing is to be begun. */
  readonly isHeld: () => boolean
  /** Whether it ends with the chain alone: by the revocation of a key. */
  readonly isHeldForGood: () => boolean
}

/** What is said in a row is believed for so long, in milliseconds. */
const MAX_FOR_MS = 3_600_000

type Hold = { readonly keyIndexes: number[]; readonly asked: number[] }

/** @param onHeld - Told of the rotation when it is met. */
export function createRotationWatch(onHeld: (rotationId: string) => void): RotationWatch {
  /** Moments until which nothing is to be begun, by the try that asks for it. */
  const askedUntil = new Map<string, number>()
  let holds: ReadonlyMap<string, Hold> = new Map()
  let revoked: ReadonlySet<number> = new Set()
  let told: ReadonlySet<string> = new Set()

  function untilOf({ attempt, forMs }: { readonly attempt: string; readonly forMs: number }) {
    const until =
      askedUntil.get(attempt) ?? performance.now() + Math.min(Math.max(0, forMs), MAX_FOR_MS)
    askedUntil.set(attempt, until)
    return until
  }

  function read(rows: readonly ProposalKeyRow[]): ReadonlyMap<string, Hold> {
    const found = new Map<string, Hold>()
    for (const row of rows) {
      const held = rotationHoldOf(row)
      if (held === undefined) continue
      const one = found.get(held.id) ?? { keyIndexes: [], asked: [] }
      found.set(held.id, one)
      if (held.drain === undefined) one.keyIndexes.push(row.keyIndex)
      else one.asked.push(untilOf(held.drain))
    }
    return found
  }

  // Once rows are held for good the swap is near, or over: then one of them is revoked.
  const isStanding = ({ keyIndexes, asked }: Hold): boolean =>
    keyIndexes.length > 0
      ? !keyIndexes.some((index) => revoked.has(index))
      : asked.some((until) => performance.now() < until)

  return {
    note(rows, account) {
      revoked = account.revoked
      holds = read(rows)
      const held = new Set([...holds].filter(([, hold]) => isStanding(hold)).map(([id]) => id))
      for (const id of held) if (!told.has(id)) onHeld(id)
      told = held
    },
    isHeld: () => [...holds.values()].some(isStanding),
    isHeldForGood: () =>
      [...holds.values()].some((hold) => hold.keyIndexes.length > 0 && isStanding(hold)),
  }
}
