/** Where one can go: what the roles of the person have a use for. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { hashOf } from '../state/address.ts'
import { useLoad } from '../state/load.ts'
import { may } from '../state/session.ts'
import type { Me } from '../types.ts'
import { Icon, type IconName } from './icon.tsx'

const places: readonly {
  readonly path: string
  readonly name: string
  readonly icon: IconName
  readonly shown: (me: Me) => boolean
}[] = [
  { path: '', name: 'Overview', icon: 'overview', shown: () => true },
  { path: 'mints', name: 'Mints', icon: 'mints', shown: () => true },
  { path: 'approvals', name: 'Approvals', icon: 'approvals', shown: may.approve },
  { path: 'keys', name: 'Keys', icon: 'keys', shown: may.seeKeys },
  { path: 'proposal-keys', name: 'Proposal keys', icon: 'proposals', shown: may.seeKeys },
  { path: 'audit', name: 'Audit', icon: 'audit', shown: may.audit },
]

type Props = { readonly me: Me; readonly current: string }

/** The server decides what may be seen; this only leaves out dead ends. */
export const Navigation = ({ me, current }: Props): JSX.Element => (
  <nav aria-label="Views">
    <ul>
      {places
        .filter(({ shown }) => shown(me))
        .map(({ path, name, icon }) => (
          <li key={path}>
            <a
              href={hashOf(path === '' ? [] : [path])}
              aria-current={path === current ? 'page' : undefined}
            >
              <Icon name={icon} /> {name}
              {path === 'approvals' && <InboxCount />}
            </a>
          </li>
        ))}
    </ul>
  </nav>
)

const most = 100

function InboxCount(): JSX.Element | null {
  const inbox = useLoad(
    (signal) => api.requests({ waitsForMe: true, limit: most }, signal),
    [],
    () => true,
  )
  const count = inbox.data?.requests.length ?? 0
  if (count === 0) return null
  return (
    <span class="count">
      {count >= most ? `${most}+` : count}
      <span class="unseen"> waiting</span>
    </span>
  )
}
