/** How long an old key waits before it may be deleted. @module */

import { invalid } from '../../../options.ts'

/** Options that the ends of all keys share. */
export type WaitingOptions = {
  /**
   * Whole days, 0 to 365, without a use of the key, from the day on that the chain revoked it. 0 waits
   * for nothing and asks for no use. Default 7.
   */
  readonly unusedForDays?: number
}

export const DAY_MS = 86_400_000

/** @returns Days. @throws {SignerError} `INVALID_OPTION`. */
export function unusedDays({ unusedForDays = 7 }: WaitingOptions): number {
  if (Number.isInteger(unusedForDays) && unusedForDays >= 0 && unusedForDays <= 365)
    return unusedForDays
  throw invalid('unusedForDays', 'it is not a whole number of days from 0 to 365')
}

/** @returns Days. @throws {SignerError} `INVALID_OPTION`. */
export function pendingWindow(days: number = 30): number {
  if (Number.isInteger(days) && days >= 7 && days <= 30) return days
  throw invalid('pendingWindowInDays', 'it is not a whole number of days from 7 to 30')
}

/** As people read it: to the minute, in UTC. */
export const shownTime = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
