/**
 * What a rotation writes as the reason of a quarantined row, and what those who meet it make of it.
 *
 * - `rotation:ID …`: held by this rotation until it gives the row back. Only it does that; when the
 *   chain revokes the key, the row stays as it is, and nobody uses it again.
 * - `rotated …`: revoked by a rotation without having been held before.
 * @module
 */

import type { ProposalKeyRow } from './store.ts'

const PREFIX = 'rotation:'

/** What a row says of the rotation that holds it. */
export type RotationHold = {
  /** Of the rotation. */
  readonly id: string
  /**
   * Set in a row that says that the others are being collected: one try of it, and for how many
   * milliseconds nobody is to begin anything. Without it the row is held for good.
   */
  readonly drain?: { readonly attempt: string; readonly forMs: number }
}

/** @param id - Of the rotation, without spaces. @returns The reason of a row that it holds for good. */
export const heldReason = (id: string): string =>
  `${PREFIX}${id} holds the key, which may be revoked by now`

/**
 * @param attempt - Another one for each try, without spaces, so that the time is counted anew.
 * @param forMs - Milliseconds from when it is read first: processes need no common clock.
 * @returns The reason of a row that asks others to begin nothing.
 */
export const drainReason = (id: string, attempt: string, forMs: number): string =>
  `${PREFIX}${id} waits for transactions: begin none for ${Math.ceil(forMs)} ms (${attempt})`

/** @returns The reason of a row whose key a rotation has revoked. */
export const rotatedReason = (id: string): string => `rotated by ${id}: the key is revoked`

const ofHold =
  /^rotation:(?<id>\S+)(?: waits for transactions: begin none for (?<forMs>\d{1,12}) ms \((?<attempt>\S+)\))?/

/** @returns What holds the row; `undefined` when no rotation does. */
export function rotationHoldOf(
  row: Pick<ProposalKeyRow, 'state' | 'reason'>,
): RotationHold | undefined {
  if (row.state !== 'quarantined') return undefined
  const { id, forMs, attempt } = ofHold.exec(row.reason ?? '')?.groups ?? {}
  if (id === undefined) return undefined
  if (forMs === undefined || attempt === undefined) return { id }
  return { id, drain: { attempt, forMs: Number(forMs) } }
}
