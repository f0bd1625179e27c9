/** Messages in the page: problems with their remedy, and states that want attention. @module */

import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Problem, retryDelay } from '../problem.ts'
import { RecordFacts } from './facts.tsx'

type NoticeProps = {
  readonly tone: 'bad' | 'attention' | 'good' | 'quiet'
  readonly title: string
  /** Said at once by a screen reader: for what follows on an action. */
  readonly urgent?: boolean
  readonly children?: ComponentChildren
}

/** A box with a title. */
export const Notice = ({ tone, title, urgent, children }: NoticeProps): JSX.Element => (
  <div class={`notice ${tone}`} role={urgent ? 'alert' : undefined}>
    <p class="notice-title">{title}</p>
    {children}
  </div>
)

type ProblemProps = {
  readonly problem: Problem
  /** The view tries again by itself; says so. */
  readonly retries?: boolean
  readonly onRetry?: () => void
}

/** What went wrong, what to do about it, and the id that leads to the log. */
export function ProblemNotice({ problem, retries = false, onRetry }: ProblemProps): JSX.Element {
  const delay = retries ? retryDelay(problem) : undefined
  return (
    <Notice tone={delay === undefined ? 'bad' : 'attention'} title={problem.title} urgent>
      {problem.detail !== '' && problem.detail !== problem.title && <p>{problem.detail}</p>}
      {problem.errors && (
        <ul>
          {problem.errors.map((error) => (
            <li key={error}>{error}</li>
          ))}
        </ul>
      )}
      {problem.facts && <RecordFacts facts={problem.facts} />}
      {delay !== undefined && <Countdown key={delay} seconds={delay} />}
      {delay === undefined && problem.retryAfter !== undefined && (
        <p>Try again in {problem.retryAfter} s.</p>
      )}
      <p class="notice-foot">
        <span>{problem.code}</span>
        {problem.requestId && <span>request {problem.requestId}</span>}
        {onRetry && (
          <button type="button" class="link" onClick={onRetry}>
            Try again now
          </button>
        )}
      </p>
    </Notice>
  )
}

/** Hidden from screen readers, which would read every second. */
function Countdown({ seconds }: { readonly seconds: number }): JSX.Element {
  const [left, setLeft] = useState(seconds)
  useEffect(() => {
    const timer = setInterval(() => setLeft((n) => Math.max(0, n - 1)), 1_000)
    return () => clearInterval(timer)
  }, [])
  return <p aria-hidden="true">The page tries again in {left} s.</p>
}
