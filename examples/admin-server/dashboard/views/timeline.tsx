/** What happened to a request, from the audit trail. @module */

import type { JSX } from 'preact'
import type { TimelineEntry } from '../types.ts'
import { RecordFacts } from '../ui/facts.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { RecordTime } from '../ui/time.tsx'

const words: Readonly<Record<string, string>> = {
  request: 'Asked for',
  approval: 'Approved',
  withdrawal: 'Approval withdrawn',
  cancellation: 'Cancelled',
  expiry: 'Expired',
  decision: 'Policy decided',
  signature: 'Signed',
  send: 'Sent',
  outcome: 'Outcome',
  webhook: 'Webhook',
  refusal: 'Refused',
}

/** Oldest first; the number is the record's place in the audit trail. */
export const Timeline = ({
  entries,
}: {
  readonly entries: readonly TimelineEntry[]
}): JSX.Element => (
  <section class="panel" aria-labelledby="timeline-title">
    <header>
      <h2 id="timeline-title">Timeline</h2>
    </header>
    <ol class="timeline">
      {entries.map((entry) => (
        <li key={entry.sequence} class={`event-${entry.kind}`}>
          <p>
            <strong>{words[entry.kind] ?? entry.kind}</strong> by <ForeignText text={entry.actor} />{' '}
            <span class="quiet">
              <RecordTime at={entry.at} facts={entry.facts} /> · audit {entry.sequence}
            </span>
          </p>
          <RecordFacts facts={entry.facts} />
        </li>
      ))}
    </ol>
  </section>
)
