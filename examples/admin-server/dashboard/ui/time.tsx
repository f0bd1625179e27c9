/** A time: relative to now, absolute on demand. @module */

import type { JSX } from 'preact'
import { clock } from '../state/clock.ts'
import { useStore } from '../state/store.ts'
import { formatAbsolute, formatRelative } from '../text.ts'

/** @param at - ISO 8601. */
export function Time({ at }: { readonly at: string }): JSX.Element {
  const now = useStore(clock)
  const then = Date.parse(at)
  return (
    <time dateTime={at} title={formatAbsolute(then)}>
      {formatRelative(then, now)}
    </time>
  )
}
