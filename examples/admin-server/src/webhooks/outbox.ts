/** A webhook is written down together with the state that it tells of. @module */

import { createHash } from 'node:crypto'
import type { Session } from '../database/database.ts'

/** What is to be told to whom. */
export type WebhookEvent = {
  readonly requestId: string
  /** As accepted by `assertWebhookUrl`. */
  readonly url: string
  /** The final state of the request. */
  readonly state: string
  /** JSON, at most 65,536 bytes; see `webhookBody`. Sent as it is at every attempt. */
  readonly body: string
}

/**
 * Call it in the transaction that makes the request final: both happen, or neither. A second call
 * for the same request and state changes nothing.
 *
 * @throws {AdminError} As `Session.query`.
 */
export async function enqueueWebhook(session: Session, event: WebhookEvent): Promise<void> {
  const { requestId, state, url, body } = event
  await session.query(
    `INSERT INTO webhook_deliveries (id, request_id, state, url, origin, body)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (request_id, state) DO NOTHING`,
    [webhookId(requestId, state), requestId, state, url, new URL(url).origin, body],
  )
}

/**
 * `wh_` and 32 digits, derived and not drawn: a database that was restored from a backup sends what
 * it sent before under the same id, so that the receiver knows it again.
 */
export function webhookId(requestId: string, state: string): string {
  const digest = createHash('sha256').update(`webhook\0${requestId}\0${state}`).digest('hex')
  return `wh_${digest.slice(0, 32)}`
}
