/** Checks of the functions: known, with limits that are in order. @module */

import { isAddressPattern } from './forms.ts'
import type { Partly } from './partly.ts'
import { type Mistake, mistake } from './problems.ts'
import type { FileSettings } from './schema.ts'

/** From tight to wide. */
const limits = ['maxAmountPerRequest', 'maxAmountPerDay', 'maxAmountInAll'] as const

/** @param known - Names of the templates that this server has. */
export function checkFunctions(
  { functions }: Partly<FileSettings>,
  known: readonly string[],
): readonly Mistake[] {
  const found: Mistake[] = []
  for (const [name, rules] of Object.entries(functions ?? {})) {
    const place = ['functions', name]
    if (!known.includes(name)) {
      const remedy = `Write one of ${known.join(', ')}.`
      found.push(mistake('FUNCTION_UNKNOWN', place, { remedy }))
      continue
    }
    let tighter = 0
    for (const limit of limits) {
      const amount = rules?.[limit]
      if (amount !== undefined && amount < tighter)
        found.push(mistake('LIMITS_NOT_ORDERED', [...place, limit]))
      tighter = amount ?? tighter
    }
    const recipients = rules?.recipients
    const pattern = recipients !== undefined && 'pattern' in recipients ? recipients.pattern : ''
    if (pattern && !isAddressPattern(pattern))
      found.push(mistake('PATTERN_INVALID', [...place, 'recipients', 'pattern']))
  }
  return found
}
