/** A database in memory with requests, a clock that tests move, and notes of what was audited. @module */

import type { Audit, AuditEntry } from '../../../../examples/admin-server/src/audit/audit.ts'
import {
  openDatabase,
  type Session,
} from '../../../../examples/admin-server/src/database/database.ts'
import { requestTables } from '../../../../examples/admin-server/src/requests/tables.ts'
import {
  startWebhookDelivery,
  type WebhookDelivery,
  type WebhookOptions,
} from '../../../../examples/admin-server/src/webhooks/deliver.ts'
import { enqueueWebhook } from '../../../../examples/admin-server/src/webhooks/outbox.ts'
import { webhookTables } from '../../../../examples/admin-server/src/webhooks/tables.ts'

export const secret = 'canary-4b1d: a secret of the tests with more than 32 bytes'

/** A row as tests look at it. */
export type Row = {
  readonly id: string
  readonly request_id: string
  readonly attempts: number
  readonly next_attempt_at: Date
  readonly lease_until: Date | null
  readonly delivered_at: Date | null
  readonly given_up_at: Date | null
  readonly last_status: number | null
  readonly last_error_code: string | null
}

/** See the functions below. */
export type World = Awaited<ReturnType<typeof openWorld>>

/** Audit records that commit and roll back with the transaction; without the chain. */
const audit: Pick<Audit, 'append'> = {
  append: async (session, entries) => {
    for (const entry of entries)
      await session.query('INSERT INTO audit_notes (entry) VALUES ($1)', [JSON.stringify(entry)])
  },
}

export async function openWorld(place: Parameters<typeof openDatabase>[0]) {
  const database = await openDatabase(place)
  const tables = `${requestTables}${webhookTables}
    CREATE TABLE audit_notes (position bigint GENERATED ALWAYS AS IDENTITY, entry jsonb);`
  for (const statement of tables.split(/;\s*\n/).filter((text) => text.trim() !== ''))
    await database.query(statement)
  return {
    database,
    /** Puts a request there and enqueues its webhook in the same transaction. */
    enqueue: (requestId: string, url: string, state = 'done') =>
      database.transaction(async (session) => {
        await putRequest(session, requestId, state)
        await enqueueWebhook(session, { requestId, url, state, body: `{"id":"${requestId}"}` })
      }),
    rows: () => database.query<Row>('SELECT * FROM webhook_deliveries ORDER BY created_at, id'),
    audited: async () => {
      const notes = await database.query<{ entry: AuditEntry }>(
        'SELECT entry FROM audit_notes ORDER BY position',
      )
      return notes.map(({ entry }) => entry)
    },
    clear: () => database.query('TRUNCATE webhook_deliveries, audit_notes, requests CASCADE'),
    /** A delivery that looks often; write `await using …`. */
    start: (options: Partial<WebhookOptions> & Pick<WebhookOptions, 'allow'>) => {
      const delivery = startWebhookDelivery({ database, audit, secret, pollMs: 10, ...options })
      return {
        ...delivery,
        [Symbol.asyncDispose]: () => delivery.stop(0),
      } satisfies WebhookDelivery & AsyncDisposable
    },
  }
}

const putRequest = (session: Session, id: string, state: string) =>
  session.query(
    `INSERT INTO requests (id, function, requester, idempotency_key, body_hash, digest,
       cadence_hash, amount, item_count, state, expires_at)
     VALUES ($1, 'mint', 'alice', $1, '', '', '', 1, 1, $2, clock_timestamp())
     ON CONFLICT DO NOTHING`,
    [id, state],
  )

/** A clock that starts now and goes on only when told to. */
export function stoppedClock() {
  let at = Date.now() + 60_000 // after whatever the database's clock gave to new rows
  return {
    now: () => at,
    advance: (ms: number) => {
      at += ms
    },
  }
}
