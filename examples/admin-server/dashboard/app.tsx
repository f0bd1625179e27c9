/** The whole page: who is signed in decides what it shows. @module */

import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { Shell } from './shell.tsx'
import type { Route } from './state/address.ts'
import { announcement } from './state/announce.ts'
import { startLive } from './state/live.ts'
import { route } from './state/route.ts'
import { session, startSession } from './state/session.ts'
import { useStore } from './state/store.ts'
import type { Me } from './types.ts'
import { ProblemNotice } from './ui/notice.tsx'
import { Empty, View } from './ui/view.tsx'
import { Approval } from './views/approval.tsx'
import { Approvals } from './views/approvals.tsx'
import { Audit } from './views/audit.tsx'
import { Keys } from './views/keys.tsx'
import { Mint } from './views/mint.tsx'
import { Mints } from './views/mints.tsx'
import { Overview } from './views/overview.tsx'
import { ProposalKeys } from './views/proposal-keys.tsx'
import { Rotation } from './views/rotation.tsx'
import { SignIn } from './views/sign-in.tsx'

/** The address stays through a sign-in, so that one comes back to where one was. */
export function App(): JSX.Element {
  const state = useStore(session)
  return (
    <>
      {state.kind === 'unknown' && <Start problem={state.problem} />}
      {state.kind === 'signed-out' && <SignIn notice={state.notice} />}
      {state.kind === 'signed-in' && <SignedIn key={state.me.name} me={state.me} />}
      <LiveRegion />
    </>
  )
}

const Start = ({
  problem,
}: {
  readonly problem: Parameters<typeof ProblemNotice>[0]['problem'] | undefined
}) => (
  <main class="sign-in" id="main">
    <h1 class="unseen">Admin server</h1>
    {problem ? (
      <ProblemNotice problem={problem} onRetry={() => void startSession()} />
    ) : (
      <p class="quiet loading">Loading…</p>
    )}
  </main>
)

/** The stream lives as long as somebody is signed in. */
function SignedIn({ me }: { readonly me: Me }): JSX.Element {
  const place = useStore(route)
  useEffect(startLive, [])
  return (
    <Shell me={me}>
      <Place key={place.path.join('/')} place={place} me={me} />
    </Shell>
  )
}

function Place({ place, me }: { readonly place: Route; readonly me: Me }): JSX.Element {
  const [view, id] = place.path
  switch (view) {
    case undefined:
      return <Overview />
    case 'mints':
      return id === undefined ? <Mints /> : <Mint id={id} />
    case 'approvals':
      return id === undefined ? <Approvals /> : <Approval id={id} me={me} />
    case 'keys':
      return id === 'rotation' ? <Rotation /> : <Keys />
    case 'proposal-keys':
      return <ProposalKeys />
    case 'audit':
      return <Audit />
    default:
      return (
        <View title="There is no such view">
          <Empty title="The address leads nowhere">
            <a href="#/">Go to the overview</a>
          </Empty>
        </View>
      )
  }
}

function LiveRegion(): JSX.Element {
  return (
    <p class="unseen" role="status" aria-live="polite">
      {useStore(announcement)}
    </p>
  )
}
