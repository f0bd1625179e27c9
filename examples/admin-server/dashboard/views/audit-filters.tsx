/** Filters of the audit trail. @module */

import type { JSX } from 'preact'
import { replaceQuery } from '../state/route.ts'

const kinds = [
  'request',
  'approval',
  'withdrawal',
  'cancellation',
  'expiry',
  'decision',
  'signature',
  'send',
  'outcome',
  'pause',
  'resume',
  'token',
  'sign-in',
  'sign-out',
  'refusal',
  'webhook',
  'anchor',
  'clock',
  'reconciliation',
  'rotation',
  'resolution',
] as const

type Props = { readonly query: Readonly<Record<string, string>> }

/** Text fields apply on Enter or when they are left: each look-up reads the database. */
export function AuditFilters({ query }: Props): JSX.Element {
  const change = (name: string, value: string) =>
    replaceQuery({ ...query, after: undefined, [name]: value.trim() })
  return (
    <search>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span>Kind</span>
          <select
            value={query['kind'] ?? ''}
            onChange={(event) => change('kind', event.currentTarget.value)}
          >
            <option value="">Any</option>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Actor</span>
          <input
            type="text"
            placeholder="Name"
            autocapitalize="none"
            value={query['actor'] ?? ''}
            onChange={(event) => change('actor', event.currentTarget.value)}
          />
        </label>
        <label class="wide">
          <span>Request id</span>
          <input
            type="text"
            placeholder="rq_…"
            autocapitalize="none"
            value={query['requestId'] ?? ''}
            onChange={(event) => change('requestId', event.currentTarget.value)}
          />
        </label>
      </form>
    </search>
  )
}
