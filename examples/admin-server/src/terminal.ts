/** What a terminal may be shown. Prints nothing itself. @module */

import { reportMistakes } from './config/report.ts'
import { isAdminError } from './errors.ts'

/** Control and format characters, separators of lines, halves of pairs, and private use. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/**
 * Texts of others, such as a database's or a file's, must not move the cursor, change a colour, or turn
 * the order in which a line is read.
 *
 * @returns One line in which such characters are shown as their numbers.
 */
export const printable = (line: string): string =>
  line.replace(unprintable, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** @returns What the operator has to know of what was thrown; stacks are in the log of a server. */
export function failureLines(thrown: unknown): readonly string[] {
  const text = isAdminError(thrown)
    ? `${thrown.message} ${JSON.stringify(thrown.facts)}`
    : thrown instanceof Error
      ? thrown.message
      : 'It failed without a reason.'
  return (reportMistakes(thrown) ?? [text]).map(printable)
}
