/** Rows of deliveries: taken by one process at a time, and settled once. @module */

import type { Session } from '../database/database.ts'

/** A delivery that this process may attempt until its lease ends. */
export type ClaimedDelivery = {
  readonly id: string
  readonly requestId: string
  readonly state: string
  readonly url: string
  readonly origin: string
  readonly body: string
  /** This one included, from 1. Also tells this claim from a later one. */
  readonly attempts: number
  readonly claimedAt: Date
}

/** `at` is the time to go by in milliseconds since 1970; the database's clock when undefined. */
type Instant = number | undefined
const TIME = 'coalesce($1::timestamptz, clock_timestamp())'
const instant = (at: Instant) => (at === undefined ? null : new Date(at))

/**
 * Takes the delivery that has been due for longest. The attempt counts from here: a process that
 * dies of it, or in it, does not try for ever.
 *
 * @param busyOrigins - That have enough in flight; others must not wait behind them.
 */
export async function claimDelivery(
  session: Session,
  leaseMs: number,
  busyOrigins: readonly string[],
  at: Instant,
): Promise<ClaimedDelivery | undefined> {
  const [row] = await session.query<ClaimedDelivery>(
    `UPDATE webhook_deliveries
     SET attempts = attempts + 1, lease_until = ${TIME} + $2::integer * interval '1 millisecond'
     WHERE id = (
       SELECT id FROM webhook_deliveries
       WHERE delivered_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= ${TIME}
         AND (lease_until IS NULL OR lease_until <= ${TIME})
         AND origin <> ALL ($3::text[])
       ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, request_id AS "requestId", state, url, origin, body, attempts,
       ${TIME} AS "claimedAt"`,
    [instant(at), leaseMs, [...busyOrigins]],
  )
  return row
}

/** What to write after an attempt. */
export type Settlement = {
  readonly status?: number | undefined
  readonly errorCode?: string | undefined
} & (
  | { readonly to: 'delivered' | 'given-up' }
  /** Milliseconds from now. */
  | { readonly to: 'again'; readonly afterMs: number }
  /** As if it had not been claimed. */
  | { readonly to: 'handed-back' }
)

/**
 * What was delivered is delivered, also when the lease was lost meanwhile; a failure is written only
 * by the last to claim.
 *
 * @returns Whether this call settled it.
 */
export async function settleDelivery(
  session: Session,
  { id, attempts }: Pick<ClaimedDelivery, 'id' | 'attempts'>,
  settlement: Settlement,
  at: Instant,
): Promise<boolean> {
  const { to, status = null, errorCode = null } = settlement
  const rows = await session.query(
    `UPDATE webhook_deliveries
     SET lease_until = NULL, last_status = $2::integer, last_error_code = $3::text,
       delivered_at = CASE WHEN $4::text = 'delivered' THEN ${TIME} END,
       given_up_at = CASE WHEN $4::text = 'given-up' THEN ${TIME} END,
       attempts = attempts - CASE WHEN $4::text = 'handed-back' THEN 1 ELSE 0 END,
       next_attempt_at = CASE WHEN $4::text = 'again'
         THEN ${TIME} + $5::integer * interval '1 millisecond' ELSE next_attempt_at END
     WHERE id = $6 AND delivered_at IS NULL AND given_up_at IS NULL
       AND (attempts = $7::integer OR $4::text = 'delivered')
     RETURNING id`,
    [
      instant(at),
      status,
      errorCode,
      to,
      settlement.to === 'again' ? Math.ceil(settlement.afterMs) : 0,
      id,
      attempts,
    ],
  )
  return rows.length === 1
}
