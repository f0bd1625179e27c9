/** Whether somebody has seen a part of the page to its end, or says so. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

type MarkProps = {
  /** Where a link leads that asks for it. */
  readonly id: string
  readonly onSeen: () => void
  readonly children: ComponentChildren
}

/** The end of a part: told once it was on the screen, above the bar at the foot. */
export function EndMark({ id, onSeen, children }: MarkProps): JSX.Element {
  const element = useRef<HTMLParagraphElement>(null)
  const tell = useRef(onSeen)
  tell.current = onSeen
  useEffect(() => {
    if (!element.current) return
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return
        observer.disconnect()
        tell.current()
      },
      { rootMargin: '0px 0px -56px 0px' },
    )
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return (
    <p ref={element} id={id} class="end-mark" tabIndex={-1}>
      {children}
    </p>
  )
}

type CheckProps = {
  readonly id: string
  readonly seen: boolean
  readonly onChange: (seen: boolean) => void
  readonly children: ComponentChildren
}

/** For what nobody scrolls through: the person says that they have looked. */
export const SeenCheck = ({ id, seen, onChange, children }: CheckProps): JSX.Element => (
  <label class="seen-check">
    <input
      id={id}
      type="checkbox"
      checked={seen}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
    <span>{children}</span>
  </label>
)
