/** What the person may do with a request: review, withdraw, cancel. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { hashOf } from '../state/address.ts'
import { announce } from '../state/announce.ts'
import { plural } from '../text.ts'
import type { Request } from '../types.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'

type Props = {
  readonly request: Request
  readonly onChange: () => void
  /** The review itself needs no link to the review. */
  readonly withReview?: boolean
}

/** Only what the server says is possible is offered; it decides again. */
export function RequestActions({ request, onChange, withReview = true }: Props): JSX.Element {
  const [asking, setAsking] = useState<'withdraw' | 'cancel'>()
  const { mine, items } = request
  const close = () => setAsking(undefined)
  const after = (what: string) => {
    announce(what)
    onChange()
  }
  return (
    <>
      {withReview && mine.canApprove && (
        <a class="button primary" href={hashOf(['approvals', request.id])}>
          Review and approve
        </a>
      )}
      {mine.canWithdraw && (
        <button type="button" onClick={() => setAsking('withdraw')}>
          Withdraw my approval
        </button>
      )}
      {mine.canCancel && (
        <button type="button" class="danger-quiet" onClick={() => setAsking('cancel')}>
          Cancel request
        </button>
      )}
      {asking === 'withdraw' && (
        <ConfirmDialog
          title="Withdraw your approval?"
          confirm="Withdraw"
          onClose={close}
          onConfirm={async () => {
            await api.withdraw(request.id)
            after('Your approval is withdrawn.')
          }}
        >
          <p>The keys that wait for it will not sign until somebody approves again.</p>
        </ConfirmDialog>
      )}
      {asking === 'cancel' && (
        <ConfirmDialog
          title="Cancel this request?"
          confirm="Cancel the request"
          danger
          onClose={close}
          onConfirm={async () => {
            await api.cancel(request.id)
            after('The request is cancelled.')
          }}
        >
          <p>
            Nothing of its {plural(items.count, 'item')} will be signed. This cannot be undone; it
            can only be asked for anew.
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}
