/** Lines for an approver: warnings first, then every value in full. @module */

import { shown } from './shown-text.ts'
import type { Description } from './template.ts'
import { warningsOf } from './text-warnings.ts'

/** A value of digits of ours, or a text of somebody else's. */
export type Shown =
  | { readonly label: string; readonly value: string }
  | {
      readonly label: string
      readonly text: string
      /** How a warning names it: `the name`. */
      readonly what: string
    }

/**
 * @param parts - In the order of the arguments.
 * @param names - Texts that stand in labels, such as names of traits: only warned of.
 * @returns Lines labelled `Warning`, and one line for each part; what cannot be seen is escaped.
 */
export function describeParts(
  parts: readonly Shown[],
  names: readonly { readonly text: string; readonly what: string }[] = [],
): Description['lines'] {
  const texts = parts.flatMap((part) => ('text' in part ? [part] : []))
  const warnings = [...names, ...texts].flatMap(({ text, what }) => warningsOf(what, text))
  return [
    ...[...new Set(warnings)].map((value) => ({ label: 'Warning', value })),
    ...parts.map((part) => ({
      label: part.label,
      value: 'text' in part ? shown(part.text) : part.value,
    })),
  ]
}
