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

/**
 * @param amounts - Of each item.
 * @returns Why so much cannot be asked for at once, or undefined.
 */
export function findExcess(amounts: readonly number[], rules: FunctionRules): string | undefined {
  const { maxAmountPerRequest = Infinity, maxAmountPerDay = Infinity } = rules
  const amount = amounts.reduce((sum, one) => sum + one, 0)
  if (amount > maxAmountPerRequest)
    return `one request may ask for ${maxAmountPerRequest}, this one asks for ${amount}`
  // An item is one transaction or part of one: what no day has room for would wait for ever.
  const most = Math.min(maxAmountPerDay, rules.maxAmountInAll ?? Infinity)
  const large = amounts.find((one) => one > most)
  return large === undefined ? undefined : `one item may be ${most}, this one is ${large}`
}
