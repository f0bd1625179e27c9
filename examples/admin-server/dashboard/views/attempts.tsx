/** The transactions that were signed for a request, and the KMS calls behind each. @module */

import type { JSX } from 'preact'
import { plural } from '../text.ts'
import type { Attempt } from '../types.ts'
import { Badge, type Tone } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { Time } from '../ui/time.tsx'
import { Empty } from '../ui/view.tsx'

const tones: Readonly<Record<string, Tone>> = {
  sealed: 'good',
  executed: 'good',
  done: 'good',
  failed: 'bad',
  expired: 'bad',
  quarantined: 'attention',
}

const sentence = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** Newest last, as they were made. */
export const Attempts = ({ attempts }: { readonly attempts: readonly Attempt[] }): JSX.Element => (
  <section class="panel" aria-labelledby="attempts-title">
    <header>
      <h2 id="attempts-title">Transactions</h2>
      <span class="quiet">{attempts.length > 0 && plural(attempts.length, 'attempt')}</span>
    </header>
    {attempts.length === 0 ? (
      <Empty title="Nothing signed yet">A transaction appears here once a key has signed it.</Empty>
    ) : (
      <ol class="attempts">
        {attempts.map((attempt) => (
          <li key={attempt.transactionId}>
            <AttemptCard attempt={attempt} />
          </li>
        ))}
      </ol>
    )}
  </section>
)

function AttemptCard({ attempt }: { readonly attempt: Attempt }): JSX.Element {
  const count = typeof attempt.items === 'number' ? attempt.items : attempt.items.length
  return (
    <>
      <p class="attempt-head">
        <Badge tone={tones[attempt.state] ?? 'busy'} text={sentence(attempt.state)} />
        <Code text={attempt.transactionId} label="transaction id" short />
      </p>
      <p class="quiet">
        {plural(count, 'item')}, proposal key {attempt.keyIndex}, sequence number{' '}
        {attempt.sequenceNumber}
      </p>
      <ul class="signatures">
        {attempt.signatures.map((signature) => (
          <li key={signature.keyIndex}>
            <span>
              Key {signature.keyIndex} <span class="quiet">{signature.key}</span> signed{' '}
              <Time at={signature.at} />
            </span>
            {signature.kmsRequestId && (
              <span>
                <span class="quiet">KMS request</span>{' '}
                <Code text={signature.kmsRequestId} label="KMS request id" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
