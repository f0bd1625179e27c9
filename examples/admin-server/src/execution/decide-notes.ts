/** What a decision leaves in the database, beside its record in the audit trail. @module */

import type { Session } from '../database/database.ts'

/**
 * Requests that may not sign any more wait for approvals again. The relay asks about a job only when
 * no transaction of it can execute any more, so what was decided of these jobs before is void, and
 * what was counted for them is given back.
 *
 * @param jobs - Of these requests, in the transaction that was asked about, with what each counts.
 */
export async function sendBack(
  session: Session,
  requestIds: readonly string[],
  jobs: readonly { readonly id: string; readonly amount: number }[],
): Promise<void> {
  if (requestIds.length === 0) return
  await session.query(
    `WITH undone AS (
      UPDATE items AS i SET decided_on = NULL
      FROM items AS before, unnest($1::text[], $2::bigint[]) AS asked (job_id, amount)
      WHERE i.job_id = asked.job_id AND i.decided_on IS NOT NULL
        AND before.job_id = i.job_id
      RETURNING i.request_id, asked.amount, before.decided_on
    ), sums AS (
      SELECT r.function, v.decided_on AS day, sum(v.amount) AS amount
      FROM undone AS v JOIN requests AS r ON r.id = v.request_id GROUP BY r.function, v.decided_on
    )
    UPDATE spending AS s SET amount = greatest(0, s.amount - u.amount)
    FROM sums AS u WHERE s.function = u.function AND s.day = u.day`,
    [jobs.map(({ id }) => id), jobs.map(({ amount }) => amount)],
  )
  // Other items of it may be signed already: those that are left need approvals all the same.
  await session.query(
    `UPDATE requests SET state = 'waiting', ready_at = NULL, decided_at = NULL,
      updated_at = clock_timestamp()
    WHERE id = ANY ($1::text[]) AND state IN ('waiting', 'ready', 'released')`,
    [requestIds],
  )
}

/** Requests over the limit of today say so, and go on tomorrow. */
export async function noteLimited(session: Session, requestIds: readonly string[]): Promise<void> {
  if (requestIds.length === 0) return
  await session.query(
    `UPDATE requests SET reason_code = 'DAILY_LIMIT', updated_at = clock_timestamp(),
      reason = 'The limit of this function for today is reached. It goes on tomorrow, UTC.'
    WHERE id = ANY ($1::text[]) AND reason_code IS DISTINCT FROM 'DAILY_LIMIT'`,
    [requestIds],
  )
}

/** These may be signed now. The day is that of the first decision: an amount counts once. */
export async function noteDecided(session: Session, jobIds: readonly string[]): Promise<void> {
  await session.query(
    `UPDATE items SET decided_on = coalesce(decided_on, (clock_timestamp() AT TIME ZONE 'UTC')::date)
    WHERE job_id = ANY ($1::text[])`,
    [jobIds],
  )
  await session.query(
    // Sent back once and met again without a new approval: it is on its way like the others.
    `UPDATE requests SET decided_at = coalesce(decided_at, clock_timestamp()),
      state = CASE WHEN state IN ('waiting', 'ready') THEN 'released' ELSE state END,
      reason_code = NULL, reason = NULL
    WHERE id IN (SELECT request_id FROM items WHERE job_id = ANY ($1::text[]))
      AND (decided_at IS NULL OR reason_code IS NOT NULL)`,
    [jobIds],
  )
}
