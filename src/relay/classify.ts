/** What the error codes of an executed transaction mean for its jobs. @module */

import { fullAccountOf } from '../flow/failure-message.ts'
import { spendsSequenceNumber } from '../flow/number-spent.ts'

/**
 * - `success`: the jobs are done.
 * - `sequence`: 1007; its sequence number was used by another transaction, perhaps a copy of it.
 * - `signature`: a key was revoked or weighs too little; nothing was executed.
 * - `payer`: the payer cannot pay, now or for any transaction.
 * - `compute`: it ran out of the declared limit.
 * - `failure`: Cadence failed; it would fail again.
 */
export type Verdict = 'success' | 'sequence' | 'signature' | 'payer' | 'compute' | 'failure'

/** Cadence ran and failed. */
const CADENCE_FAILED = 1101

/**
 * Reads nothing that a node quotes: `errorCodes` are those that it says itself.
 *
 * @param address - Of the payer, `0x` and 16 digits: storage that is full is an operator's matter
 * only on the payer's own account.
 * @see flow-go fvm/errors/codes.go
 */
export function classify(
  outcome: { readonly errorCodes: readonly number[]; readonly reason: string },
  address: string,
): Verdict {
  const { errorCodes, reason } = outcome
  const has = (code: number) => errorCodes.includes(code)
  if (reason === '' && errorCodes.length === 0) return 'success'
  if (!spendsSequenceNumber(errorCodes)) return has(1007) ? 'sequence' : 'signature'
  if (has(1110)) return 'compute'
  if (has(CADENCE_FAILED)) return 'failure'
  return has(1118) || fullAccountOf(reason) === address.slice(2) ? 'payer' : 'failure'
}
