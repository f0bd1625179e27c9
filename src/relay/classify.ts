/** What the error codes of an executed transaction mean for its jobs. @module */

import { spendsSequenceNumber } from '../proposal-keys/settle-rules.ts'

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
  // The outermost code is the node's own: what stands inside may be the text of a contract's panic.
  if (errorCodes[0] === CADENCE_FAILED) return has(1110) ? 'compute' : 'failure'
  if (!spendsSequenceNumber(errorCodes)) return has(1007) ? 'sequence' : 'signature'
  if (has(1118)) return 'payer'
  if (has(1103) && reason.includes(address.slice(2))) return 'payer'
  return has(1110) ? 'compute' : 'failure'
}

/** What a node's refusal of a POST means: only said when it is certain that it was not taken. */
export type Refusal = 'stale' | 'payer' | 'invalid'

/** @param reason - The node's own sentence. */
export function classifyRefusal(reason: string): Refusal {
  // The reference block is too old, or not known here: another block will do.
  if (/expired|reference block|unknown.*block/i.test(reason)) return 'stale'
  if (/insufficient.*balance|rate limit/i.test(reason)) return 'payer'
  return 'invalid'
}
