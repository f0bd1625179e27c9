/** The pause switch, with its reason and its confirmation. @module */

import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { api } from '../api.ts'
import { announce } from '../state/announce.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'

/** For operators. The state itself comes back by the event stream. */
export function PauseSwitch({ paused }: { readonly paused: boolean }): JSX.Element {
  const [asking, setAsking] = useState(false)
  const reason = useRef<HTMLInputElement>(null)
  const confirm = async () => {
    const text = reason.current?.value.trim() ?? ''
    await (paused ? api.resume(text) : api.pause(text))
    announce(paused ? 'The server runs again.' : 'The server is paused.')
  }
  return (
    <>
      <button
        type="button"
        class="pause"
        aria-label={paused ? 'Resume…' : 'Pause…'}
        onClick={() => setAsking(true)}
      >
        <Icon name={paused ? 'resume' : 'pause'} /> <span>{paused ? 'Resume…' : 'Pause…'}</span>
      </button>
      {asking && (
        <ConfirmDialog
          title={paused ? 'Resume signing?' : 'Pause signing?'}
          confirm={paused ? 'Resume' : 'Pause'}
          danger={!paused}
          onClose={() => setAsking(false)}
          onConfirm={confirm}
        >
          <p>
            {paused
              ? 'Everything that has waited is signed and sent from now on.'
              : 'Nothing more is signed or sent until somebody resumes. Requests and approvals are taken as before, and nothing is lost. What is on its way already cannot be called back.'}
          </p>
          <label>
            <span>Reason, for the audit trail</span>
            <input ref={reason} type="text" maxLength={500} autocomplete="off" required />
          </label>
        </ConfirmDialog>
      )}
    </>
  )
}
