/** What a request has become, once its items changed. @module */

import type { Session } from '../database/database.ts'
import { enqueueWebhook } from '../webhooks/outbox.ts'
import { type FinalState, webhookBody } from '../webhooks/payload.ts'
import type { RequestContext } from './context.ts'

type Summary = {
  readonly id: string
  readonly function: string
  readonly itemCount: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  readonly webhookUrl: string | null
  readonly transactionIds: readonly string[]
  readonly now: Date
}

/** Transaction ids that a webhook names at most. */
const MAX_NAMED = 100

/**
 * Counts the items anew, and makes final what has none left; then its webhook is queued. The requests
 * are locked by the caller, and the audit record is the caller's too.
 *
 * @param ending - How the last items ended, when none was executed: by a person, or by time.
 * @returns Those that are final now, with what they became.
 */
export async function finishRequests(
  { config }: Pick<RequestContext, 'config'>,
  session: Session,
  requestIds: readonly string[],
  ending: 'cancelled' | 'expired' = 'cancelled',
): Promise<ReadonlyMap<string, FinalState>> {
  const rows = await session.query<Summary>(
    `SELECT r.id, r.function, r.item_count AS "itemCount", r.webhook_url AS "webhookUrl",
      count(*) FILTER (WHERE i.state = 'done')::integer AS done,
      count(*) FILTER (WHERE i.state = 'failed')::integer AS failed,
      count(*) FILTER (WHERE i.state = 'cancelled')::integer AS cancelled,
      clock_timestamp() AS now, coalesce((array_agg(DISTINCT i.transaction_id)
        FILTER (WHERE i.transaction_id IS NOT NULL))[1:${MAX_NAMED}], '{}') AS "transactionIds"
    FROM requests AS r JOIN items AS i ON i.request_id = r.id
    WHERE r.id = ANY ($1::text[]) GROUP BY r.id`,
    [requestIds],
  )
  const final = new Map<string, FinalState>()
  const changes = rows.map((row) => {
    const state = finalState(row, ending)
    if (state !== undefined) final.set(row.id, state)
    return { id: row.id, done: row.done, failed: row.failed, state: state ?? null }
  })
  await session.query(
    `UPDATE requests AS r SET done_count = (g->>'done')::integer,
      failed_count = (g->>'failed')::integer, state = coalesce(g->>'state', r.state),
      finished_at = CASE WHEN g->>'state' IS NULL THEN NULL
        ELSE coalesce(r.finished_at, clock_timestamp()) END,
      updated_at = clock_timestamp()
    FROM jsonb_array_elements($1::text::jsonb) AS given(g) WHERE r.id = g->>'id'`,
    [JSON.stringify(changes)],
  )
  for (const row of rows) {
    const state = final.get(row.id)
    const isListed = row.webhookUrl !== null && config.webhooks.allow.length > 0
    if (state === undefined || row.webhookUrl === null || !isListed) continue
    const { id: requestId, itemCount: count, done, failed, transactionIds, now } = row
    const facts = { requestId, function: row.function, state, transactionIds, occurredAt: now }
    const body = webhookBody({ ...facts, items: { count, done, failed } })
    await enqueueWebhook(session, { requestId, url: row.webhookUrl, state, body })
  }
  return final
}

/** @returns Undefined while an item is not final. */
function finalState(
  { itemCount, done, failed, cancelled }: Summary,
  ending: 'cancelled' | 'expired',
): FinalState | undefined {
  if (done + failed + cancelled < itemCount) return undefined
  if (done === itemCount) return 'done'
  if (done > 0) return 'partly-failed'
  if (failed > 0) return 'failed'
  return ending
}
