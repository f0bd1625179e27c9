/** A table that becomes a list of cards on a narrow screen. @module */

import type { ComponentChildren, JSX } from 'preact'

/** One column. */
export type Column<T> = {
  readonly title: string
  /** Set to the right, with figures of one width. */
  readonly number?: true
  /** Names the row. */
  readonly rowHeader?: true
  readonly cell: (row: T) => ComponentChildren
}

type Props<T> = {
  /** Read out before the table, not shown. */
  readonly caption: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string | number
}

/** @returns the table; each cell also knows the title of its column, which the cards show. */
export function DataTable<T>({ caption, columns, rows, keyOf }: Props<T>): JSX.Element {
  return (
    <table class="data">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ title, number }) => (
            <th key={title} scope="col" class={number ? 'number' : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ title, number, rowHeader, cell }) =>
              rowHeader ? (
                <th key={title} scope="row">
                  {cell(row)}
                </th>
              ) : (
                <td key={title} class={number ? 'number' : undefined} data-label={title}>
                  <div>{cell(row)}</div>
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
