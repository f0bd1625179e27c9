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

/** @returns Indented JSON; bigint as decimal text. */
export function json(value: unknown): string {
  const text = (_: string, field: unknown) => (typeof field === 'bigint' ? String(field) : field)
  return JSON.stringify(value, text, 2)
}
