/** The first thing that an approver reads: who asked for what, for whom, and what stands out. @module */

import type { JSX } from 'preact'
import type { Recipient, Summary } from '../state/summary.ts'
import type { Field } from '../state/usual.ts'
import { formatAbsolute, formatNumber, plural } from '../text.ts'
import type { Request } from '../types.ts'
import { Badge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { Facts } from '../ui/facts.tsx'
import { ForeignText, ForeignValue } from '../ui/foreign-text.tsx'
import { Notice } from '../ui/notice.tsx'
import { Pages } from '../ui/pages.tsx'
import { EndMark } from '../ui/seen.tsx'
import { Time } from '../ui/time.tsx'

const pageSize = 10

type Props = {
  readonly request: Request
  /** Undefined until all items are there. */
  readonly summary: Summary | undefined
  /** The account that signs. */
  readonly account: string | undefined
  readonly onSeen: () => void
}

/** Computed from all items, so that one among a thousand is not missed. */
export function ReviewSummary({ request, summary, account, onSeen }: Props): JSX.Element {
  return (
    <section class="panel" aria-labelledby="summary-title">
      <header>
        <h2 id="summary-title" tabIndex={-1}>
          Summary
        </h2>
      </header>
      {summary && <Alerts summary={summary} />}
      <Facts
        facts={[
          ['Asked by', <strong>{<ForeignText text={request.requester} />}</strong>],
          ['Asked', <Moment at={request.createdAt} />],
          ['Order (Idempotency-Key)', <ForeignText text={request.idempotencyKey} />],
          ['Expires', <Moment at={request.expiresAt} />],
          ['Function', `${request.title} (${request.function})`],
          ['Items', formatNumber(request.items.count)],
          ['Recipients', summary ? formatNumber(summary.recipients.length) : '…'],
        ]}
      />
      {summary && (
        <>
          {summary.recipients.length > 0 && (
            <Recipients recipients={summary.recipients} account={account} />
          )}
          {summary.count > 1 && <Fields fields={summary.fields} count={summary.count} />}
          <EndMark onSeen={onSeen}>End of the summary.</EndMark>
        </>
      )}
    </section>
  )
}

const Moment = ({ at }: { readonly at: string }): JSX.Element => (
  <span class="stack">
    <Time at={at} />
    <span class="quiet">{formatAbsolute(Date.parse(at))}</span>
  </span>
)

function Alerts({ summary }: { readonly summary: Summary }): JSX.Element {
  const { counts, recipients } = summary
  const foreign = recipients.filter(({ standsOut }) => standsOut).length
  const bad = [
    ...(counts.warning > 0 ? [`${plural(counts.warning, 'item')} with a warning`] : []),
    ...(foreign > 0 ? [`${plural(foreign, 'recipient')} unlike the others`] : []),
  ]
  const attention = [
    ...(counts.value > 0 ? [`${plural(counts.value, 'item')} with a value unlike the others`] : []),
    ...(counts.duplicate > 0 ? [`${plural(counts.duplicate, 'item')} twice`] : []),
  ]
  return (
    <>
      {bad.length > 0 && <Notice tone="bad" title={bad.join(', ')} />}
      {attention.length > 0 && <Notice tone="attention" title={attention.join(', ')} />}
    </>
  )
}

type RecipientsProps = {
  readonly recipients: readonly Recipient[]
  readonly account: string | undefined
}

function Recipients({ recipients, account }: RecipientsProps): JSX.Element {
  const columns: readonly Column<Recipient>[] = [
    {
      title: 'Recipient',
      rowHeader: true,
      cell: ({ address, standsOut }) => (
        <span class="recipient">
          <Code text={address} label="address" />
          {standsOut && <Badge tone="bad" text="Unlike the others" />}
          {address === account && <Badge tone="quiet" text="The account that signs" />}
        </span>
      ),
    },
    { title: 'Items', number: true, cell: ({ items }) => formatNumber(items) },
    {
      title: 'Shares, such as royalties',
      number: true,
      cell: ({ shares }) => (shares === 0 ? <span class="quiet">–</span> : formatNumber(shares)),
    },
  ]
  return (
    <Pages name="recipients" rows={recipients} size={pageSize}>
      {(rows) => (
        <DataTable
          caption="Recipients"
          columns={columns}
          rows={rows}
          keyOf={({ address }) => address}
        />
      )}
    </Pages>
  )
}

type FieldsProps = { readonly fields: readonly Field[]; readonly count: number }

const Fields = ({ fields, count }: FieldsProps): JSX.Element => (
  <>
    <h3 class="in-panel">What the items have</h3>
    <Pages name="fields" rows={fields} size={pageSize}>
      {(rows) => (
        <dl class="fields">
          {rows.map((field) => (
            <div key={field.label}>
              <dt>
                <ForeignText text={field.label} />
              </dt>
              <dd>
                <FieldValue field={field} count={count} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Pages>
  </>
)

function FieldValue({ field, count }: { readonly field: Field; readonly count: number }) {
  const { items, values, common } = field
  if (common === undefined)
    return <span class="quiet">{formatNumber(values)} different values</span>
  const isSame = common.items === count
  return (
    <>
      <span class={isSame ? 'quiet' : undefined}>
        {isSame ? 'in all: ' : `in ${formatNumber(common.items)} of ${formatNumber(count)}: `}
      </span>
      <ForeignValue text={common.value} />
      {values > 1 && <span class="quiet">, {plural(values - 1, 'other value')}</span>}
      {items < count && <span class="quiet">, none in {formatNumber(count - items)}</span>}
    </>
  )
}
