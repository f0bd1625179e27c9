/** The pool of proposal keys: which are free, and what holds the others. @module */

import type { JSX } from 'preact'
import { api } from '../api.ts'
import { useLoad } from '../state/load.ts'
import { formatNumber } from '../text.ts'
import type { ProposalKey } from '../types.ts'
import { ProposalKeyBadge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { Empty, View, WhenLoaded } from '../ui/view.tsx'

/** Each transaction in flight needs one of them. */
export function ProposalKeys(): JSX.Element {
  const loaded = useLoad(
    (signal) => api.proposalKeys(signal),
    [],
    () => true,
  )
  return (
    <View
      title="Proposal keys"
      lead="Keys of weight 0. Each transaction in flight holds one, so they bound how many there are."
      actions={
        <button type="button" onClick={loaded.reload}>
          Refresh
        </button>
      }
    >
      <WhenLoaded from={loaded}>
        {({ keys, counts }) => (
          <>
            <ul class="tiles">
              {(
                [
                  ['Free', counts.free],
                  ['Leased', counts.leased],
                  ['In flight', counts.inFlight],
                  ['Quarantined', counts.quarantined],
                ] as const
              ).map(([name, count]) => (
                <li key={name} class="tile">
                  <span class="tile-name">{name}</span>
                  <span class="tile-value">{formatNumber(count)}</span>
                </li>
              ))}
            </ul>
            {keys.length === 0 ? (
              <Empty title="The pool is empty">
                Add keys with the function add-proposal-keys; until then nothing can be sent.
              </Empty>
            ) : (
              <section class="panel" aria-label="Proposal keys">
                <DataTable
                  caption="Proposal keys"
                  columns={columns}
                  rows={keys}
                  keyOf={({ index }) => index}
                />
              </section>
            )}
          </>
        )}
      </WhenLoaded>
    </View>
  )
}

const none = <span class="quiet">–</span>

const columns: readonly Column<ProposalKey>[] = [
  { title: 'Key', rowHeader: true, cell: ({ index }) => <span class="number">{index}</span> },
  { title: 'State', cell: ({ state }) => <ProposalKeyBadge state={state} /> },
  { title: 'Sequence number', number: true, cell: ({ sequenceNumber }) => sequenceNumber ?? none },
  {
    title: 'Transaction',
    cell: ({ transactionId }) =>
      transactionId === null ? none : <Code text={transactionId} label="transaction id" short />,
  },
  {
    title: 'Reason',
    cell: ({ reason }) => {
      if (reason === null) return none
      return typeof reason === 'string' ? (
        <ForeignText text={reason} />
      ) : (
        <ForeignText text={`${reason.code} ${reason.detail}`} />
      )
    },
  },
]
