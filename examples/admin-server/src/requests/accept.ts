/** Takes requests in: stored, audited and durable before anybody is told so. @module */

import type { Principal } from '../access/principal.ts'
import type { AuditEntry } from '../audit/audit.ts'
import { coalesce } from '../database/coalesce.ts'
import type { Session } from '../database/database.ts'
import { AdminError, isAdminError } from '../errors.ts'
import type { RequestContext } from './context.ts'
import { requestIdOf } from './intent.ts'
import { type AskedRequest, createPreparer, hashOfAsked, type Prepared } from './prepare.ts'
import { type RequestRow, requestColumns } from './rows.ts'

/** The request as it stands, and whether this call made it. */
export type Accepted = { readonly row: RequestRow; readonly created: boolean }

/** Takes one request in. See `createAcceptor`. */
export type Accept = (principal: Principal, asked: AskedRequest) => Promise<Accepted>

/**
 * Requests that are stored in one commit: they share one turn at the end of the audit chain. One
 * commit at a time takes in more than three: it holds more requests, for as many statements.
 */
const MAX_STEP = 200

/**
 * @returns A function that resolves when the request is durable. Rejects with `NOT_FOUND`,
 * `FORBIDDEN`, `INVALID_REQUEST`, `POLICY_REFUSED`, `IDEMPOTENCY_KEY_REUSED`,
 * `DATABASE_UNAVAILABLE`.
 */
export function createAcceptor(context: RequestContext): Accept {
  const { database, audit, onChanged, onReady } = context
  const prepare = createPreparer(context)
  const store = coalesce(
    (step: readonly Prepared[]) =>
      database.transaction(async (session) => {
        const created = await insert(session, step, context.config.approvals.requestMinutes)
        const fresh = step.filter(({ id }) => created.has(id))
        const known = await readKnown(
          session,
          step.filter(({ id }) => !created.has(id)).map(({ id }) => id),
        )
        // Two calls of one step may name the same key: the first that has the same body made it.
        const makers = new Map<string, Prepared>()
        for (const one of fresh) if (!makers.has(one.id)) makers.set(one.id, one)
        if (makers.size > 0) await audit.append(session, [...makers.values()].map(toEntry))
        return step.map((one): Accepted | AdminError => {
          const row = created.get(one.id) ?? known.get(one.id)
          if (row === undefined) return new AdminError('INTERNAL')
          if (row.bodyHash !== one.bodyHash) return new AdminError('IDEMPOTENCY_KEY_REUSED')
          return { row, created: makers.get(one.id) === one }
        })
      }),
    MAX_STEP,
  )

  /** What was accepted before stays accepted, whatever rules have changed since. */
  async function replay(asked: AskedRequest, requester: string): Promise<Accepted | undefined> {
    const id = requestIdOf(requester, asked.idempotencyKey)
    const row = (await readKnown(database, [id])).get(id)
    if (row === undefined) return undefined
    if (row.bodyHash !== hashOfAsked(asked)) throw new AdminError('IDEMPOTENCY_KEY_REUSED')
    return { row, created: false }
  }

  return async (principal, asked) => {
    let prepared: Prepared
    try {
      prepared = prepare(principal, asked)
    } catch (thrown) {
      const isOfToday = isAdminError(thrown) && thrown.code !== 'FORBIDDEN'
      const accepted = isOfToday ? await replay(asked, principal.name) : undefined
      if (accepted === undefined) throw thrown
      return accepted
    }
    const answer = await store(prepared)
    if (answer instanceof AdminError) throw answer
    if (answer.created) onChanged([answer.row.id])
    if (answer.created && answer.row.state === 'ready') onReady()
    return answer
  }
}

async function insert(
  session: Session,
  step: readonly Prepared[],
  requestMinutes: number,
): Promise<ReadonlyMap<string, RequestRow>> {
  const rows = await session.query<RequestRow>(
    `WITH given AS (
      SELECT DISTINCT ON (g->>'id') g, place
      FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS one(g, place)
      ORDER BY g->>'id', place
    ), stored AS (
      INSERT INTO requests AS r (id, function, requester, idempotency_key, body_hash, digest,
        cadence_hash, amount, item_count, webhook_url, search, state, ready_at, expires_at)
      SELECT g->>'id', g->>'function', g->>'requester', g->>'idempotencyKey', g->>'bodyHash',
        g->>'digest', g->>'cadenceHash', (g->>'amount')::bigint, jsonb_array_length(g->'items'),
        g->>'webhookUrl', g->>'search', g->>'state',
        CASE g->>'state' WHEN 'ready' THEN clock_timestamp() END,
        clock_timestamp() + $2::double precision * interval '1 minute'
      FROM given ORDER BY place
      ON CONFLICT DO NOTHING
      RETURNING ${requestColumns}
    ), parts AS (
      INSERT INTO items (request_id, item_index, job_id, arguments, amount)
      SELECT s.id, i.place - 1, item->>'jobId', item->'arguments', (item->>'amount')::bigint
      FROM stored AS s JOIN given ON s.id = g->>'id'
        CROSS JOIN LATERAL jsonb_array_elements(g->'items') WITH ORDINALITY AS i(item, place)
    )
    SELECT * FROM stored`,
    [JSON.stringify(step), requestMinutes],
    'insert-requests',
  )
  return new Map(rows.map((row) => [row.id, row]))
}

async function readKnown(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RequestRow>> {
  if (ids.length === 0) return new Map()
  const rows = await session.query<RequestRow>(
    `SELECT ${requestColumns} FROM requests AS r WHERE r.id = ANY ($1::text[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

const toEntry = (one: Prepared): AuditEntry => ({
  kind: 'request',
  actor: one.requester,
  requestIds: [one.id],
  facts: {
    function: one.function,
    digest: one.digest,
    cadenceHash: one.cadenceHash,
    items: one.items.length,
    amount: one.amount,
    state: one.state,
  },
})
