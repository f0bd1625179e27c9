/** What everybody should know before they read on: paused, held, not connected. @module */

import type { JSX } from 'preact'
import { connection, history } from '../state/live.ts'
import { may } from '../state/session.ts'
import { useStore } from '../state/store.ts'
import type { Me } from '../types.ts'
import { ForeignText } from './foreign-text.tsx'
import { Notice } from './notice.tsx'

/** Changes are announced by the one live region; see state/live.ts. */
export function Banner({ me }: { readonly me: Me }): JSX.Element {
  const state = useStore(connection)
  const stats = useStore(history).at(-1)
  return (
    <>
      {state === 'lost' && (
        <Notice tone="bad" title="The connection to the server is lost">
          <p>What you see may be out of date. The page tries again by itself.</p>
        </Notice>
      )}
      {stats?.rotating && !stats.paused && (
        <Notice tone="attention" title="A key of the account is being rotated">
          <p>
            Nothing is signed for a moment. Requests and approvals are taken, nothing is lost, and
            it goes on by itself.{' '}
            {may.seeKeys(me) && <a href="#/keys/rotation">See the rotation</a>}
          </p>
        </Notice>
      )}
      {stats?.held && !stats.paused && (
        <Notice tone="bad" title={`The server holds everything: ${stats.held.code}`}>
          <p>
            <ForeignText text={stats.held.detail} />
          </p>
        </Notice>
      )}
      {stats?.paused && (
        <Notice tone="attention" title="Paused">
          <p>Nothing is signed or sent. Requests and approvals are taken, and nothing is lost.</p>
          {stats.held && (
            <p>
              Reason: <ForeignText text={stats.held.detail} />
            </p>
          )}
        </Notice>
      )}
    </>
  )
}
