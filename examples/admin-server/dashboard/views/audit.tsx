/** The audit trail: what happened, and whether anybody has changed the record of it. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { hashOf } from '../state/address.ts'
import { useLoad } from '../state/load.ts'
import { route } from '../state/route.ts'
import { useStore } from '../state/store.ts'
import type { AuditRecord } from '../types.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { RecordFacts } from '../ui/facts.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { RecordTime } from '../ui/time.tsx'
import { Empty, View, WhenLoaded } from '../ui/view.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { AuditVerify } from './audit-verify.tsx'

const pageSize = 100

/** Newest first; filters are in the address. */
export function Audit(): JSX.Element {
  const { query } = useStore(route)
  const { kind = '', actor = '', requestId = '', after = '' } = query
  const list = useLoad(
    (signal) =>
      api.audit({ kind, actor, requestId, after, order: 'desc', limit: pageSize }, signal),
    [kind, actor, requestId, after],
  )
  return (
    <View
      title="Audit"
      actions={
        <>
          <button type="button" onClick={list.reload}>
            Refresh
          </button>
          <a class="button" href="/v1/audit/export" download="audit.jsonl">
            Export as JSON Lines
          </a>
        </>
      }
    >
      <AuditVerify />
      <AuditFilters query={query} />
      <WhenLoaded from={list}>
        {({ records, next }) =>
          records.length === 0 ? (
            <Empty title="No records match">Take away a filter.</Empty>
          ) : (
            <>
              <DataTable
                caption="Audit records, newest first"
                columns={columns}
                rows={records}
                keyOf={({ sequence }) => sequence}
              />
              <nav class="pages" aria-label="Pages">
                {after && <a href={hashOf(['audit'], { ...query, after: undefined })}>Newest</a>}
                {next !== null && (
                  <a href={hashOf(['audit'], { ...query, after: String(next) })}>Older</a>
                )}
              </nav>
            </>
          )
        }
      </WhenLoaded>
    </View>
  )
}

const columns: readonly Column<AuditRecord>[] = [
  {
    title: 'Number',
    rowHeader: true,
    cell: ({ sequence }) => <span class="number">{sequence}</span>,
  },
  { title: 'When', cell: ({ at, facts }) => <RecordTime at={at} facts={facts} /> },
  { title: 'What', cell: ({ kind }) => <strong>{kind}</strong> },
  { title: 'Who', cell: ({ actor }) => <ForeignText text={actor} /> },
  {
    title: 'Requests',
    cell: ({ requestIds }) =>
      requestIds.length === 0 ? <span class="quiet">–</span> : <RequestLinks ids={requestIds} />,
  },
  {
    title: 'Facts',
    cell: ({ facts, hash }) => <RecordFacts facts={{ ...facts, hash }} />,
  },
]

const RequestLinks = ({ ids }: { readonly ids: readonly string[] }): JSX.Element => (
  <span class="stack">
    {ids.slice(0, 3).map((id) => (
      <a key={id} href={hashOf(['mints', id])} title={id}>
        <code class="whole">{id.slice(0, 11)}…</code>
      </a>
    ))}
    {ids.length > 3 && <span class="quiet">and {ids.length - 3} more</span>}
  </span>
)
