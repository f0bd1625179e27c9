/** A transaction of a rotation that waits: who has signed it, and whose weight is missing. @module */

import type { JSX } from 'preact'
import { formatNumber } from '../text.ts'
import type { KeyRule, RotationPending } from '../types.ts'
import { Badge } from '../ui/badge.tsx'
import { Code } from '../ui/code.tsx'
import { Facts } from '../ui/facts.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { Notice } from '../ui/notice.tsx'

const needed = 1_000

type Props = { readonly pending: RotationPending }

/** It is signed elsewhere, by the command: nothing can be signed from here. */
export function RotationSignatures({ pending }: Props): JSX.Element {
  const { purpose, state, signatures, missing, transactionId, expiresAfterBlock } = pending
  const weight = signatures.reduce((sum, one) => sum + (one.signed ? one.weight : 0), 0)
  return (
    <section class="panel" aria-labelledby="signatures-title">
      <header>
        <h2 id="signatures-title">
          Signatures of the transaction “{purpose}”: weight {formatNumber(weight)} of{' '}
          {formatNumber(needed)}
        </h2>
        {state === 'signing' ? (
          <Badge tone="attention" text="Waits for signatures" />
        ) : (
          <Badge tone="busy" text={state === 'sent' ? 'Sent' : 'Signed'} />
        )}
      </header>
      <ul class="rules" aria-label="Signatures">
        {signatures.map(({ index, weight: own, signed, holder }) => (
          <li key={index}>
            <b>Key {index}</b>, weight {formatNumber(own)}
            {holder === null ? (
              ': not named by this server'
            ) : (
              <>
                : <ForeignText text={holder.key} />, {whose(holder.rule)}
              </>
            )}{' '}
            <Badge tone={signed ? 'good' : 'attention'} text={signed ? 'Signed' : 'Not signed'} />
          </li>
        ))}
      </ul>
      {missing !== null && (
        <Notice tone="attention" title="Missing">
          <p>
            <ForeignText text={missing} />
          </p>
        </Notice>
      )}
      <Facts
        facts={[
          ['Transaction', <Code key="id" text={transactionId} label="transaction id" short />],
          ['No block takes it after', `block ${formatNumber(expiresAfterBlock)}`],
        ]}
      />
    </section>
  )
}

/** A rotation is signed by whoever has the key, approvals do not count for it. */
const whose = (rule: KeyRule): string =>
  rule === 'automatic' ? 'the server’s own key' : `key of ${rule.approvers.join(', ')}`
