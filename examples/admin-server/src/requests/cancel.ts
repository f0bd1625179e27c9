/** Ending requests before they are signed: by a person, or because nobody approved in time. @module */

import type { Relay } from 'fcl-kms/relay'
import type { Principal } from '../access/principal.ts'
import { lockRequest } from '../approvals/approve.ts'
import type { Session } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import type { RequestContext } from './context.ts'
import { finishRequests } from './finish.ts'
import type { RequestRow } from './rows.ts'

/** Requests that expire in one step. */
const MAX_STEP = 200

/**
 * Nothing of it is signed after this, except what was decided before: of a request of many items those
 * that are not decided are cancelled.
 *
 * @throws {AdminError} `NOT_FOUND`, `FORBIDDEN`, `ALREADY_DECIDED`, `REQUEST_OVER`.
 */
export async function cancelRequest(
  context: RequestContext,
  relay: Relay,
  principal: Principal,
  requestId: string,
  reason: string,
): Promise<void> {
  const { database, audit, onChanged } = context
  const jobIds = await database.transaction(async (session) => {
    const request = await lockRequest(session, requestId)
    assertMayCancel(principal, request)
    const cancelled = await cancelItems(session, [requestId], 'cancelled', reason)
    if (cancelled.length === 0) throw new AdminError('ALREADY_DECIDED')
    await finishRequests(context, session, [requestId])
    await audit.append(session, [
      {
        kind: 'cancellation',
        actor: principal.name,
        requestIds: [requestId],
        facts: { reason, items: cancelled.length, of: request.itemCount },
      },
    ])
    return cancelled
  })
  onChanged([requestId])
  // Already refused by the decision: this only clears them out of the queue.
  await Promise.allSettled(jobIds.map(async (id) => (await relay.job(id)).cancel()))
}

function assertMayCancel({ name, roles }: Principal, { requester, state }: RequestRow): void {
  if (requester !== name && !roles.has('operator'))
    throw new AdminError('FORBIDDEN', { roles: ['operator'] })
  if (state !== 'waiting' && state !== 'ready' && state !== 'released')
    throw new AdminError('REQUEST_OVER', { state })
}

/** @returns The job ids of those that were not decided, and are over now. */
async function cancelItems(
  session: Session,
  requestIds: readonly string[],
  code: 'cancelled' | 'expired',
  reason: string,
): Promise<readonly string[]> {
  const rows = await session.query<{ jobId: string }>(
    `UPDATE items SET state = 'cancelled', finished_at = clock_timestamp(), error_code = $2,
      reason = $3
    WHERE request_id = ANY ($1::text[]) AND state IN ('waiting', 'submitted')
      AND decided_on IS NULL
    RETURNING job_id AS "jobId"`,
    [requestIds, code === 'expired' ? 'REQUEST_EXPIRED' : 'REQUEST_CANCELLED', reason],
  )
  return rows.map(({ jobId }) => jobId)
}

/**
 * Requests that were not approved in time are over.
 *
 * @param now - What the clock said when somebody looked whether it is right. Default: what it says.
 * @returns How many.
 */
export async function expireRequests(context: RequestContext, now?: Date): Promise<number> {
  const { database, audit, onChanged } = context
  const ids = await database.transaction(async (session) => {
    const rows = await session.query<{ id: string }>(
      // One that was sent back may have nothing left but items that were decided: those stay.
      `SELECT id FROM requests AS r WHERE state = 'waiting' AND decided_at IS NULL
        AND expires_at <= coalesce($2::timestamptz, clock_timestamp())
        AND EXISTS (SELECT FROM items AS i WHERE i.request_id = r.id
          AND i.state IN ('waiting', 'submitted') AND i.decided_on IS NULL)
      ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [MAX_STEP, now ?? null],
    )
    const expired = rows.map(({ id }) => id)
    if (expired.length === 0) return expired
    await cancelItems(session, expired, 'expired', 'It was not approved in time.')
    await finishRequests(context, session, expired, 'expired')
    const entry = { kind: 'expiry', actor: 'server', facts: {} } as const
    await audit.append(session, [{ ...entry, requestIds: expired }])
    return expired
  })
  if (ids.length > 0) onChanged(ids)
  return ids.length
}
