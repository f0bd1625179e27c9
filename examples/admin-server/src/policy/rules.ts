/** Rules on what one item does, read from decoded arguments. @module */

import type { FunctionRules } from '../config/config.ts'
import type { Inspection } from '../functions/template.ts'

/** Longer values are refused unread, so that no pattern takes long. */
const MAX_MATCHED = 256

/** @returns Why the rules forbid it, or undefined. */
export function findViolation(inspection: Inspection, rules: FunctionRules): string | undefined {
  const { recipients } = rules
  if (recipients === undefined) return undefined
  const allowed = allows(recipients)
  const refused = inspection.recipients.find((address) => !allowed(address))
  return refused === undefined ? undefined : `the rules allow no transaction for ${refused}`
}

function allows(recipients: NonNullable<FunctionRules['recipients']>) {
  if ('allow' in recipients) {
    const set = new Set(recipients.allow)
    return (address: string) => set.has(address)
  }
  const pattern = new RegExp(`^(?:${recipients.pattern})$`, 'u')
  return (address: string) => address.length <= MAX_MATCHED && pattern.test(address)
}

/** @returns Why so much cannot be asked for at once, or undefined. */
export const findExcess = (
  amount: number,
  { maxAmountPerRequest }: FunctionRules,
): string | undefined =>
  maxAmountPerRequest !== undefined && amount > maxAmountPerRequest
    ? `one request may ask for ${maxAmountPerRequest}, this one asks for ${amount}`
    : undefined
