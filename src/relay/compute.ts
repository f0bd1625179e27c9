/** How much computation a transaction has used. @module */

import { eventField } from '../flow/event-field.ts'
import type { TransactionOutcome } from '../flow/transaction-outcome.ts'

/** One unit of computation is 10⁻⁸ of what the fee event calls its execution effort. */
const EFFORT_DIGITS = 8

/** @returns Units of computation, from the result or from the event of the fees; 0 when neither tells. */
export function usedCompute({ computationUsed, events }: TransactionOutcome): number {
  if (computationUsed > 0) return computationUsed
  const fees = events.find(({ type }) => type.endsWith('.FlowFees.FeesDeducted'))
  const effort = eventField(fees?.payload, 'executionEffort')
  const [, whole, fraction] = /^(\d+)\.(\d+)$/.exec(typeof effort === 'string' ? effort : '') ?? []
  if (whole === undefined || fraction === undefined) return 0
  return Number(`${whole}${fraction.padEnd(EFFORT_DIGITS, '0').slice(0, EFFORT_DIGITS)}`)
}
