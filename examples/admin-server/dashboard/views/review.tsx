/** The review in its order: summary, what stands out, weights, everything, the decision. @module */

import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { summarise } from '../state/summary.ts'
import type { Me, Request } from '../types.ts'
import { ContentView } from './content-view.tsx'
import { Decision } from './decision.tsx'
import { QuorumPanel } from './quorum-panel.tsx'
import { ReviewSummary } from './review-summary.tsx'
import { StandingOut } from './standing-out.tsx'
import type { ContentState } from './use-content.ts'

/** The parts of a review that have to be seen before anybody can approve. */
export type Part = 'summary' | 'flagged' | 'items'

type Props = {
  readonly request: Request
  readonly content: ContentState
  readonly me: Me
  readonly onChange: () => void
}

/** What was seen is forgotten with the page: each review begins anew. */
export function Review({ request, content: state, me, onChange }: Props): JSX.Element {
  const { content, complete } = state
  const [seen, setSeen] = useState<ReadonlySet<Part>>(new Set())
  const summary = useMemo(
    () => (complete && content ? summarise(request.id, content.items) : undefined),
    [request.id, content, complete],
  )
  const mark = (part: Part) => (isSeen: boolean) =>
    setSeen((before) => new Set([...before, part].filter((one) => isSeen || one !== part)))
  const flagged = summary?.flagged ?? []
  const parts: readonly Part[] = [
    'summary',
    ...(flagged.length > 0 ? ['flagged' as const] : []),
    'items',
  ]
  return (
    <>
      <ReviewSummary
        request={request}
        summary={summary}
        account={content?.head.account}
        onSeen={() => mark('summary')(true)}
      />
      {content && flagged.length > 0 && (
        <StandingOut
          flagged={flagged}
          items={content.items}
          seen={seen.has('flagged')}
          onSeen={mark('flagged')}
        />
      )}
      <QuorumPanel request={request} />
      <ContentView
        content={state}
        count={request.items.count}
        seen={seen.has('items')}
        onSeen={mark('items')}
      />
      <Decision
        request={request}
        content={state}
        summary={summary}
        unseen={parts.filter((part) => !seen.has(part))}
        me={me}
        onChange={onChange}
      />
    </>
  )
}
