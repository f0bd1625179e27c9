/** Requests in a table, for lists and the inbox. @module */

import type { JSX } from 'preact'
import { hashOf } from '../state/address.ts'
import { formatNumber } from '../text.ts'
import type { Request } from '../types.ts'
import { RequestBadge } from './badge.tsx'
import { type Column, DataTable } from './data-table.tsx'
import { ForeignText } from './foreign-text.tsx'
import { Time } from './time.tsx'
import { WeightBar } from './weight-bar.tsx'

type Props = {
  readonly caption: string
  readonly requests: readonly Request[]
  /** The inbox leads to what will be signed. */
  readonly to?: 'mints' | 'approvals'
}

/** Each row leads to its request. */
export function RequestTable({ caption, requests, to = 'mints' }: Props): JSX.Element {
  const columns: readonly Column<Request>[] = [
    {
      title: 'Request',
      rowHeader: true,
      cell: (request) => (
        <a class="row-link" href={hashOf([to, request.id])}>
          <About request={request} />
          {request.about !== undefined && <span class="quiet">{request.title}</span>}
          <code title={request.id}>{request.id.slice(0, 11)}…</code>
        </a>
      ),
    },
    { title: 'State', cell: ({ state }) => <RequestBadge state={state} /> },
    { title: 'Items', number: true, cell: progress },
    {
      title: 'Weight',
      cell: ({ quorum }) => (
        <span class="weight-cell">
          <WeightBar keys={quorum.keys} needed={quorum.needed} small />
          <span class="number">
            {formatNumber(quorum.weight)}
            <span class="quiet"> / {formatNumber(quorum.needed)}</span>
          </span>
        </span>
      ),
    },
    { title: 'Asked by', cell: ({ requester }) => <ForeignText text={requester} /> },
    { title: 'Asked', cell: ({ createdAt }) => <Time at={createdAt} /> },
    ...(to === 'approvals'
      ? [{ title: 'Expires', cell: ({ expiresAt }: Request) => <Time at={expiresAt} /> }]
      : []),
  ]
  return <DataTable caption={caption} columns={columns} rows={requests} keyOf={({ id }) => id} />
}

/** What the first item is: twenty rows of "Mint an NFT" look alike. */
const About = ({ request }: { readonly request: Request }): JSX.Element => (
  <span>
    <ForeignText text={request.about ?? request.title} />
    {request.items.count > 1 && (
      <span class="quiet"> and {formatNumber(request.items.count - 1)} more</span>
    )}
  </span>
)

const progress = ({ items: { count, done, failed } }: Request): JSX.Element => (
  <>
    {formatNumber(done)}
    <span class="quiet"> / {formatNumber(count)}</span>
    {failed > 0 && <span class="bad-text">, {formatNumber(failed)} failed</span>}
  </>
)
