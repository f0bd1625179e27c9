/** The decision on a request: approve it, or why that is not possible. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { announce } from '../state/announce.ts'
import { may } from '../state/session.ts'
import { plural } from '../text.ts'
import type { Me, Request } from '../types.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import type { ContentState } from './use-content.ts'

type Props = {
  readonly request: Request
  readonly content: ContentState
  readonly me: Me
  readonly onChange: () => void
}

/** Stays at the foot of the page, below everything that is to be read. */
export function Decision({ request, content, me, onChange }: Props): JSX.Element {
  const [asking, setAsking] = useState(false)
  const obstacle = obstacleTo(request, me)
  const head = content.content?.head
  return (
    <section class="decision" aria-label="Decision">
      {obstacle !== undefined ? (
        <p>{obstacle}</p>
      ) : (
        <>
          <p>{hint(content)}</p>
          <button
            type="button"
            class="primary"
            disabled={!content.complete}
            onClick={() => setAsking(true)}
          >
            Approve {plural(request.items.count, 'item')}…
          </button>
        </>
      )}
      {asking && head && content.complete && (
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
          <p>
            Your approval lets keys of <code>{head.account}</code> on{' '}
            <strong>{head.chainId}</strong> sign: {head.title},{' '}
            {plural(request.items.count, 'item')}, and nothing else.
          </p>
          <p>The intent you approve is the one with this digest:</p>
          <p>
            <code class="digest">{head.digest}</code>
          </p>
        </ConfirmDialog>
      )}
    </section>
  )
}

function hint({ complete, problem }: ContentState): string {
  if (problem) return 'What will be signed could not be read in full. It cannot be approved.'
  return complete
    ? 'Everything that will be signed is above. Approve only what you have read.'
    : 'You can approve once everything is loaded.'
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
