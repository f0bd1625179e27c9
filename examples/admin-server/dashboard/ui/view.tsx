/** The frame of a view: heading that takes the focus, loading, problems, emptiness. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Loaded } from '../state/load.ts'
import { ProblemNotice } from './notice.tsx'

let drawnBefore = false

type ViewProps = {
  readonly title: string
  /** Above the heading: where this view belongs. */
  readonly trail?: ComponentChildren
  /** Beside the heading. */
  readonly actions?: ComponentChildren
  readonly lead?: ComponentChildren
  readonly children: ComponentChildren
}

/** Moves the focus to the heading on every change of view, but not when the page is first loaded. */
export function View({ title, trail, actions, lead, children }: ViewProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · fcl-kms`
  }, [title])
  useEffect(() => {
    scrollTo(0, 0)
    if (drawnBefore) heading.current?.focus({ preventScroll: true })
    drawnBefore = true
  }, [])
  return (
    <>
      <header class="view-head">
        <div class="view-title">
          {trail && <p class="trail">{trail}</p>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <div class="lead">{lead}</div>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}

type LoadedProps<T> = {
  readonly from: Loaded<T>
  readonly children: (data: T) => ComponentChildren
}

/** What is loaded, with the problem above it when a later load failed. */
export function WhenLoaded<T>({ from, children }: LoadedProps<T>): JSX.Element {
  return (
    <div aria-busy={from.loading}>
      {from.problem && <ProblemNotice problem={from.problem} retries onRetry={from.reload} />}
      {from.data === undefined && !from.problem && <p class="quiet loading">Loading…</p>}
      {from.data !== undefined && children(from.data)}
    </div>
  )
}

type EmptyProps = { readonly title: string; readonly children?: ComponentChildren }

/** Nothing there: says why, and that this is all right. */
export const Empty = ({ title, children }: EmptyProps): JSX.Element => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children && <p>{children}</p>}
  </div>
)
