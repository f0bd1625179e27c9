/** The chain of one database: what was appended, where it ends, whether it is whole. @module */

import type { Session } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import type { Audit, AuditEntry, AuditHead } from './audit.ts'
import { prepareEntry } from './body.ts'
import { chainHash } from './canonical.ts'
import { listRecords } from './list.ts'
import { verifyChain } from './verify.ts'

/** @param database - With `auditTables` in its search path. Only `append` uses another session. */
export const createAudit = (database: Session): Audit =>
  Object.freeze<Audit>({
    append,
    list: (query) => listRecords(database, query),
    head: () => readHead(database),
    verify: (options) => verifyChain(database, options),
  })

/** Two statements however many entries there are: the lock is held for as little as can be. */
async function append(session: Session, entries: readonly AuditEntry[]): Promise<void> {
  const prepared = entries.map(prepareEntry)
  if (prepared.length === 0) return
  // The clock is read with the lock.
  const [head] = await session.query<
    AuditHead & { readonly highest: number; readonly clock: number }
  >(
    `SELECT sequence, hash, at_ms AS highest,
      floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock
    FROM audit_head FOR UPDATE`,
    [],
    'lock-audit-head',
  )
  if (head === undefined) throw new AdminError('AUDIT_BROKEN', { reason: 'head missing' })
  // Times of records never go back: one that was ahead once would falsify all later ones in silence.
  const at = Math.max(head.highest, head.clock)
  const told = at - head.clock > CLOCK_BEHIND_MS ? head.clock : undefined
  let { sequence, hash } = head
  const columns = { kinds: [], actors: [], bodies: [], previous: [], hashes: [] } as {
    readonly [column in 'kinds' | 'actors' | 'bodies' | 'previous' | 'hashes']: string[]
  } // empty arrays are of every type
  const index: { readonly ids: string[]; readonly sequences: number[] } = { ids: [], sequences: [] }
  for (const { kind, actor, requestIds, bodyAt } of prepared) {
    sequence += 1
    const body = bodyAt(sequence, at, told)
    columns.kinds.push(kind)
    columns.actors.push(actor)
    columns.bodies.push(body)
    columns.previous.push(hash)
    hash = chainHash(hash, body)
    columns.hashes.push(hash)
    for (const id of requestIds) {
      index.ids.push(id)
      index.sequences.push(sequence)
    }
  }
  const { kinds, actors, bodies, previous, hashes } = columns
  await session.query(
    APPEND,
    [
      ...[head.sequence, at, kinds, actors, bodies, previous, hashes],
      ...[index.ids, index.sequences, sequence, hash],
    ],
    'append-audit',
  )
}

/** Less is how clocks are kept right. */
const CLOCK_BEHIND_MS = 1_000

const APPEND = `
WITH added AS (
  INSERT INTO audit (sequence, at_ms, kind, actor, body, previous_hash, hash)
  SELECT $1::bigint + e.n, $2::bigint, e.kind, e.actor, e.body, e.previous_hash, e.hash
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS e (kind, actor, body, previous_hash, hash, n)
), indexed AS (
  INSERT INTO audit_requests (request_id, sequence)
  SELECT * FROM unnest($8::text[], $9::bigint[])
)
UPDATE audit_head SET sequence = $10::bigint, at_ms = $2::bigint, hash = $11`

async function readHead(session: Session): Promise<AuditHead> {
  const [head] = await session.query<AuditHead>('SELECT sequence, hash FROM audit_head')
  if (head === undefined) throw new AdminError('AUDIT_BROKEN', { reason: 'head missing' })
  return { sequence: head.sequence, hash: head.hash }
}
