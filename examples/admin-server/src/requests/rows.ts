/** Requests as the database has them. @module */

import type { StandingApproval } from '../approvals/quorum.ts'
import type { Session } from '../database/database.ts'

export const requestStates = [
  'waiting',
  'ready',
  'released',
  'done',
  'partly-failed',
  'failed',
  'cancelled',
  'expired',
] as const

/**
 * - waiting: for approvals. - ready: the rules met carry enough weight. - released: in the relay.
 * - done, partly-failed, failed, cancelled, expired: final.
 */
export type RequestState = (typeof requestStates)[number]

/** One request. */
export type RequestRow = {
  readonly id: string
  readonly function: string
  readonly requester: string
  /** What the requester calls it: the number of an order. */
  readonly idempotencyKey: string
  readonly bodyHash: string
  readonly digest: string
  readonly cadenceHash: string
  readonly amount: number
  readonly itemCount: number
  readonly doneCount: number
  readonly failedCount: number
  readonly state: RequestState
  readonly keyIndexes: readonly number[] | null
  readonly webhookUrl: string | null
  readonly reasonCode: string | null
  readonly reason: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly decidedAt: Date | null
  readonly finishedAt: Date | null
  readonly position: number
}

export type ApprovalRow = {
  readonly requestId: string
  readonly approver: string
  readonly digest: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly withdrawnAt: Date | null
}

/** The columns of `RequestRow`, from a table named `r`. */
export const requestColumns = `r.id, r.function, r.requester,
  r.idempotency_key AS "idempotencyKey", r.body_hash AS "bodyHash", r.digest,
  r.cadence_hash AS "cadenceHash", r.amount, r.item_count AS "itemCount",
  r.done_count AS "doneCount", r.failed_count AS "failedCount", r.state,
  r.key_indexes AS "keyIndexes", r.webhook_url AS "webhookUrl", r.reason_code AS "reasonCode",
  r.reason, r.created_at AS "createdAt", r.expires_at AS "expiresAt", r.decided_at AS "decidedAt",
  r.finished_at AS "finishedAt", r.position`

/** By request id, oldest first; withdrawn and expired ones too. */
export async function readApprovals(
  session: Session,
  requestIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ApprovalRow[]>> {
  const rows = await session.query<ApprovalRow>(
    `SELECT request_id AS "requestId", approver, digest, created_at AS "createdAt",
      expires_at AS "expiresAt", withdrawn_at AS "withdrawnAt"
    FROM approvals WHERE request_id = ANY ($1::text[]) ORDER BY id`,
    [requestIds],
  )
  const groups = new Map<string, ApprovalRow[]>()
  for (const row of rows) {
    const group = groups.get(row.requestId)
    if (group === undefined) groups.set(row.requestId, [row])
    else group.push(row)
  }
  return groups
}

/**
 * Locks the requests of these jobs until the transaction ends, in the order of their ids: two that
 * lock several cannot wait for each other.
 *
 * @returns The requests by id.
 */
export async function lockRequestsOf(
  session: Session,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, RequestRow>> {
  const rows = await session.query<RequestRow>(
    `SELECT ${requestColumns} FROM requests AS r
    WHERE r.id IN (SELECT request_id FROM items WHERE job_id = ANY ($1::text[]))
    ORDER BY r.id FOR UPDATE`,
    [jobIds],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

/** As the quorum asks for it. */
export const toStanding = (row: ApprovalRow): StandingApproval => ({
  approver: row.approver,
  digest: row.digest,
  expiresAt: row.expiresAt.getTime(),
  withdrawn: row.withdrawnAt !== null,
})

/** Milliseconds since 1970 by the clock of the database, which all processes share. */
export async function databaseNow(session: Session): Promise<number> {
  const [row] = await session.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  return row?.now.getTime() ?? 0 // a SELECT without FROM has one row
}
