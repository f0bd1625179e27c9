/** Whether somebody has seen a part of the page to its end, or says so. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { isSeenTo, seenDownTo } from '../state/scrolled.ts'

type MarkProps = {
  readonly onSeen: () => void
  readonly children: ComponentChildren
}

/** What the bar at the foot covers, in pixels. */
const FOOT = 56

/** The end of a part: told once all of its section was on the screen, from the beginning to here. */
export function EndMark({ onSeen, children }: MarkProps): JSX.Element {
  const element = useRef<HTMLParagraphElement>(null)
  const tell = useRef(onSeen)
  tell.current = onSeen
  useEffect(() => {
    const mark = element.current
    const part = mark?.closest('section')
    if (!mark || !part) return
    let seen = 0
    const look = () => {
      const { top } = part.getBoundingClientRect()
      seen = seenDownTo(seen, { top: Math.max(0, -top), bottom: innerHeight - FOOT - top })
      if (!isSeenTo(mark.getBoundingClientRect().bottom - top, seen)) return
      stop()
      tell.current()
    }
    // Not before it is drawn, and again whenever it has another height.
    const observer = new ResizeObserver(look)
    const stop = () => {
      observer.disconnect()
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
    observer.observe(part)
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return stop
  }, [])
  return (
    <p ref={element} class="end-mark">
      {children}
    </p>
  )
}

type CheckProps = {
  readonly seen: boolean
  readonly onChange: (seen: boolean) => void
  readonly children: ComponentChildren
}

/** For what nobody scrolls through: the person says that they have looked. */
export const SeenCheck = ({ seen, onChange, children }: CheckProps): JSX.Element => (
  <label class="seen-check">
    <input
      type="checkbox"
      checked={seen}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
    <span>{children}</span>
  </label>
)
