/** The items of a request, a hundred at a time. @module */

import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { api } from '../api.ts'
import { useLoad } from '../state/load.ts'
import { formatNumber } from '../text.ts'
import type { Item, RequestDetail } from '../types.ts'
import { ItemBadge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { WhenLoaded } from '../ui/view.tsx'

const pageSize = 100

const columns: readonly Column<Item>[] = [
  { title: 'Item', rowHeader: true, cell: ({ index }) => <span class="number">{index + 1}</span> },
  { title: 'State', cell: ({ state }) => <ItemBadge state={state} /> },
  {
    title: 'NFT',
    number: true,
    cell: ({ nftId }) => (nftId === null ? <span class="quiet">–</span> : nftId),
  },
  {
    title: 'Transaction',
    cell: ({ transactionId }) =>
      transactionId === null ? (
        <span class="quiet">–</span>
      ) : (
        <Code text={transactionId} label="transaction id" short />
      ),
  },
  {
    title: 'Block',
    number: true,
    cell: ({ blockHeight }) =>
      blockHeight === null ? <span class="quiet">–</span> : formatNumber(Number(blockHeight)),
  },
  {
    title: 'Reason',
    cell: ({ error }) =>
      error === null ? (
        <span class="quiet">–</span>
      ) : (
        <span class="reason">
          <code>{error.code}</code> <ForeignText text={error.detail} />
        </span>
      ),
  },
]

/** Indexes have no gaps, so a page is known by its first item. */
export function MintItems({ request }: { readonly request: RequestDetail }): JSX.Element {
  const [first, setFirst] = useState(0)
  const { id, state, items } = request
  const page = useLoad(
    (signal) => api.items(id, { after: first - 1, limit: pageSize }, signal),
    [id, first, state, items.done, items.failed],
    (ids) => ids.size === 0 || ids.has(id),
  )
  const end = Math.min(first + pageSize, items.count)
  return (
    <>
      <WhenLoaded from={page}>
        {({ items: rows }) => (
          <DataTable caption="Items" columns={columns} rows={rows} keyOf={({ index }) => index} />
        )}
      </WhenLoaded>
      {items.count > pageSize && (
        <div class="pages">
          <span class="quiet number">
            {first + 1}–{end} of {formatNumber(items.count)}
          </span>
          <button type="button" disabled={first === 0} onClick={() => setFirst(first - pageSize)}>
            Previous
          </button>
          <button type="button" disabled={end >= items.count} onClick={() => setFirst(end)}>
            Next
          </button>
        </div>
      )}
    </>
  )
}
