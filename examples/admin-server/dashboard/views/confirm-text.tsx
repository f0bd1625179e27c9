/** What an approver confirms, said once more: for whom, how many, who asked, under which digest. @module */

import type { JSX } from 'preact'
import type { Summary } from '../state/summary.ts'
import { formatNumber, plural } from '../text.ts'
import type { ContentHead, Request } from '../types.ts'
import { ForeignText } from '../ui/foreign-text.tsx'

/** So many recipients are named, those that stand out first. */
const named = 8

type Props = {
  readonly request: Request
  readonly head: ContentHead
  readonly summary: Summary
}

/** Everything of it is of the content that was read. */
export const ConfirmText = ({ request, head, summary }: Props): JSX.Element => (
  <>
    <p>
      Your approval lets keys of <code>{head.account}</code> on <strong>{head.chainId}</strong>{' '}
      sign: {head.title}, {plural(summary.count, 'item')}, and nothing else. Asked for by{' '}
      <ForeignText text={request.requester} />, order <ForeignText text={request.idempotencyKey} />.
    </p>
    {summary.recipients.length > 0 && <Recipients summary={summary} />}
    {summary.flagged.length > 0 && (
      <p class="bad-text">
        {plural(summary.flagged.length, 'item')} to look at, {formatNumber(summary.counts.warning)}{' '}
        with a warning.
      </p>
    )}
    <p>The intent you approve is the one with this digest:</p>
    <p>
      <code class="digest">{head.digest}</code>
    </p>
  </>
)

function Recipients({ summary: { recipients } }: { readonly summary: Summary }): JSX.Element {
  const rest = recipients.slice(named)
  const most = rest.reduce((max, { items, shares }) => Math.max(max, items + shares), 0)
  return (
    <>
      <p>For {plural(recipients.length, 'recipient')}:</p>
      <ul class="recipients">
        {recipients.slice(0, named).map(({ address, items, shares, standsOut }) => (
          <li key={address} class={standsOut ? 'bad-text' : undefined}>
            <code>{address}</code>: {plural(items, 'item')}
            {shares > 0 && `, a share of ${formatNumber(shares)}`}
            {standsOut && ', unlike the others'}
          </li>
        ))}
        {rest.length > 0 && (
          <li>
            {plural(rest.length, 'other')}, {plural(most, 'item')} each at most
          </li>
        )}
      </ul>
    </>
  )
}
