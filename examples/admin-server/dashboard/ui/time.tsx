/** A time: relative to now, absolute on demand. @module */

import type { JSX } from 'preact'
import { clock } from '../state/clock.ts'
import { useStore } from '../state/store.ts'
import { formatAbsolute, formatRelative, timeOfRecord } from '../text.ts'

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

/** Of a record of the audit trail: by what the clock said then, and a mark where the trail says other. */
export function RecordTime(props: Parameters<typeof timeOfRecord>[0]): JSX.Element {
  const { at, corrected } = timeOfRecord(props)
  if (!corrected) return <Time at={at} />
  return (
    <>
      <Time at={at} />{' '}
      <span class="bad-text" title={`The trail says ${props.at}: the clock was ahead before.`}>
        (the clock had jumped)
      </span>
    </>
  )
}
