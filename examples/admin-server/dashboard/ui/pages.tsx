/** A long list in pages: nothing is left out, and nothing is a mile long. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { formatNumber } from '../text.ts'

type Props<T> = {
  /** What a page is of, for the buttons' names. */
  readonly name: string
  readonly rows: readonly T[]
  readonly size: number
  readonly children: (rows: readonly T[]) => ComponentChildren
}

/** Without buttons when all fit on one page. */
export function Pages<T>({ name, rows, size, children }: Props<T>): JSX.Element {
  const [first, setFirst] = useState(0)
  const start = first < rows.length ? first : 0
  const end = Math.min(start + size, rows.length)
  return (
    <>
      {children(rows.slice(start, end))}
      {rows.length > size && (
        <div class="pages">
          <span class="quiet number">
            {formatNumber(start + 1)}–{formatNumber(end)} of {formatNumber(rows.length)} {name}
          </span>
          <button
            type="button"
            aria-label={`Previous ${name}`}
            disabled={start === 0}
            onClick={() => setFirst(Math.max(0, start - size))}
          >
            Previous
          </button>
          <button
            type="button"
            aria-label={`Next ${name}`}
            disabled={end >= rows.length}
            onClick={() => setFirst(end)}
          >
            Next
          </button>
        </div>
      )}
    </>
  )
}
