/** Plain aligned text and JSON. @module */

/** Rows to lines: columns padded to their widest cell, two spaces apart, nothing at line ends. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Names and values; what has no value is left out. */
export function facts(
  entries: readonly (readonly [name: string, value: string | undefined])[],
): readonly string[] {
  return table(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

/** Control and format characters, separators of lines, halves of pairs, and private use. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/**
 * Texts of others, such as a node's or an alias, must not move the cursor, change a colour, or turn
 * the order in which a line is read.
 *
 * @returns One line in which such characters are shown as their numbers.
 */
export const printable = (line: string): string =>
  line.replace(unprintable, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)

/** @returns Indented JSON; bigint as decimal text, and what a terminal could obey escaped. */
export function json(value: unknown): string {
  const text = (_: string, field: unknown) => (typeof field === 'bigint' ? String(field) : field)
  const unit = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value, text, 2).replace(unprintable, (char) =>
    char === '\n' ? char : char.split('').map(unit).join(''),
  )
}
