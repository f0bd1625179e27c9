/** Which keys may sign a request, whose approval each waits for, and who has approved. @module */

import type { JSX } from 'preact'
import { clock } from '../state/clock.ts'
import { standingOf } from '../state/standing.ts'
import { useStore } from '../state/store.ts'
import { formatNumber } from '../text.ts'
import type { Approval, Request } from '../types.ts'
import { Badge } from '../ui/badge.tsx'
import { ForeignText } from '../ui/foreign-text.tsx'
import { Time } from '../ui/time.tsx'
import { ruleText, WeightBar } from '../ui/weight-bar.tsx'

/** The bar and, key by key, the same in words. */
export function QuorumPanel({ request }: { readonly request: Request }): JSX.Element {
  const { quorum, approvals, decidedAt, finishedAt } = request
  const over = decidedAt ?? finishedAt
  const missing = Math.max(0, quorum.needed - quorum.weight)
  return (
    <section class="panel" aria-labelledby="quorum-title">
      <header>
        <h2 id="quorum-title">
          Weight {formatNumber(quorum.weight)} of {formatNumber(quorum.needed)}
        </h2>
        {quorum.met ? (
          <Badge tone="good" text="Enough to sign" />
        ) : over !== null ? (
          <Badge tone="quiet" text={`${formatNumber(missing)} missing when it ended`} />
        ) : (
          <Badge tone="attention" text={`${formatNumber(missing)} missing`} />
        )}
      </header>
      {over !== null && (
        <p class="quiet over">
          As it was when it {decidedAt === null ? 'ended' : 'was decided'}, <Time at={over} />.
        </p>
      )}
      <WeightBar keys={quorum.keys} needed={quorum.needed} />
      <ul class="rules">
        {quorum.keys
          .filter(({ weight }) => weight > 0)
          .map((key) => (
            <li key={key.index}>
              <b>Key {key.index}</b>, weight {formatNumber(key.weight)}: {ruleText(key.rule)}{' '}
              {key.revoked ? (
                <Badge tone="bad" text="Revoked" />
              ) : key.met ? (
                <Badge tone="good" text="Met" />
              ) : (
                <Badge tone="attention" text="Not met" />
              )}
            </li>
          ))}
      </ul>
      {approvals.length > 0 && (
        <ul class="rules" aria-label="Approvals">
          {approvals.map((approval) => (
            <li key={`${approval.approver} ${approval.at}`}>
              <ForeignText text={approval.approver} /> approved <Time at={approval.at} />
              <ApprovalState approval={approval} request={request} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

type StateProps = { readonly approval: Approval; readonly request: Request }

function ApprovalState({ approval, request }: StateProps): JSX.Element {
  const { withdrawnAt, expiresAt } = approval
  const standing = standingOf(approval, request, useStore(clock))
  if (withdrawnAt !== null)
    return (
      <>
        , <span class="bad-text">withdrawn</span> <Time at={withdrawnAt} />
      </>
    )
  return (
    <span class="quiet">
      , {standing}
      {standing.endsWith('until') && (
        <>
          {' '}
          <Time at={expiresAt} />
        </>
      )}
    </span>
  )
}
