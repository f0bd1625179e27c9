/** Records for people and for an export. @module */

import type { Session } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import type { Audit, AuditRecord } from './audit.ts'
import { readBody } from './body.ts'

/** Records in one answer at most. */
const MOST = 1_000

/**
 * See `Audit.list`. Columns only find a record; what it says is read from the text that was hashed.
 *
 * @throws {AdminError} `AUDIT_BROKEN` for a record whose text is no record, with its sequence.
 */
export async function listRecords(
  session: Session,
  { after, limit, requestId, kind, actor, newestFirst = false }: Parameters<Audit['list']>[0],
): Promise<readonly AuditRecord[]> {
  const parameters: unknown[] = []
  const where: string[] = []
  const demand = (value: unknown, condition: (parameter: string) => string) => {
    if (value !== undefined) where.push(condition(`$${parameters.push(value)}`))
  }
  demand(after, (it) => `a.sequence ${newestFirst ? '<' : '>'} ${it}`)
  demand(kind, (it) => `a.kind = ${it}`)
  demand(actor, (it) => `a.actor = ${it}`)
  demand(
    requestId,
    (it) => `a.sequence IN (SELECT r.sequence FROM audit_requests r WHERE r.request_id = ${it})`,
  )
  parameters.push(Math.max(0, Math.min(limit, MOST)))
  const rows = await session.query<Row>(
    `SELECT a.sequence, a.body, a.previous_hash, a.hash FROM audit a
    ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
    ORDER BY a.sequence ${newestFirst ? 'DESC' : 'ASC'} LIMIT $${parameters.length}`,
    parameters,
  )
  return rows.map(recordOf)
}

type Row = {
  readonly sequence: number
  readonly body: string
  readonly previous_hash: string
  readonly hash: string
}

function recordOf({ sequence, body, previous_hash, hash }: Row): AuditRecord {
  const said = readBody(body)
  if (said === undefined || said.sequence !== sequence)
    throw new AdminError('AUDIT_BROKEN', { sequence })
  return { ...said, previousHash: previous_hash, hash }
}
