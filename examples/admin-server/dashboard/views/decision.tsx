/** The decision on a request: approve it, or why that is not possible. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { announce } from '../state/announce.ts'
import { may } from '../state/session.ts'
import type { Summary } from '../state/summary.ts'
import { plural } from '../text.ts'
import type { Me, Request } from '../types.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { ConfirmText } from './confirm-text.tsx'
import type { Part } from './review.tsx'
import type { ContentState } from './use-content.ts'

type Props = {
  readonly request: Request
  readonly content: ContentState
  readonly summary: Summary | undefined
  /** What has not been seen yet, in the order of the page. */
  readonly unseen: readonly Part[]
  readonly me: Me
  readonly onChange: () => void
}

/** Stays at the foot of the page, below everything that is to be read. */
export function Decision(props: Props): JSX.Element {
  const { request, content, summary, unseen, me, onChange } = props
  const [asking, setAsking] = useState(false)
  const obstacle = obstacleTo(request, me)
  const head = content.content?.head
  const isReady = content.complete && unseen.length === 0
  return (
    <section class="decision" aria-label="Decision">
      {obstacle !== undefined ? (
        <p>{obstacle}</p>
      ) : (
        <>
          <Hint content={content} unseen={unseen} />
          <button type="button" class="primary" disabled={!isReady} onClick={() => setAsking(true)}>
            Approve {plural(request.items.count, 'item')}…
          </button>
        </>
      )}
      {asking && head && summary && isReady && (
        <ConfirmDialog
          title={`Approve ${plural(request.items.count, 'item')}?`}
          confirm="Approve"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await api.approve(request.id, head.digest)
            announce('You have approved the request.')
            onChange()
          }}
        >
          <ConfirmText request={request} head={head} summary={summary} />
        </ConfirmDialog>
      )}
    </section>
  )
}

type HintProps = { readonly content: ContentState; readonly unseen: readonly Part[] }

function Hint({ content: { complete, problem }, unseen }: HintProps): JSX.Element {
  if (problem) return <p>What will be signed could not be read in full. It cannot be approved.</p>
  if (!complete) return <p>You can approve once everything is loaded.</p>
  if (unseen.length === 0)
    return <p>Everything that will be signed is above. Approve only what you have read.</p>
  return (
    <p>
      Everything that will be signed is above. Before you approve:{' '}
      {unseen.map((part, index) => (
        <span key={part}>
          {index > 0 && ', '}
          <button type="button" class="link" onClick={() => lead(part)}>
            {steps[part]}
          </button>
        </span>
      ))}
      .
    </p>
  )
}

const steps: Readonly<Record<Part, string>> = {
  summary: 'read the summary to its end',
  flagged: 'look at what stands out',
  items: 'look through the items',
}

/** To the beginning of that part: it is read from there, and marked as seen at its end. */
function lead(part: Part): void {
  const title = document.getElementById(`${part}-title`)
  title?.closest('section')?.scrollIntoView({ block: 'start' })
  title?.focus({ preventScroll: true })
}

/** @returns why this person cannot approve; `undefined` when the server lets them. */
export function obstacleTo(request: Request, me: Me): string | undefined {
  const { mine, state, requester } = request
  if (mine.canApprove) return undefined
  if (mine.hasApproved) return 'You have approved this request.'
  if (requester === me.name)
    return 'You asked for this yourself. Who asks cannot approve: another person has to.'
  if (!may.approve(me)) return 'Approving takes the role of an approver.'
  if (state === 'waiting') return 'No key of the account waits for your approval.'
  return 'This request no longer waits for an approval.'
}
