/** An audit trail of its own in memory, and hands that reach past its triggers. */

import { createHash } from 'node:crypto'
import type { Audit, AuditEntry } from '../../../../examples/admin-server/src/audit/audit.ts'
import { createAudit } from '../../../../examples/admin-server/src/audit/chain.ts'
import { auditFunctions, auditTables } from '../../../../examples/admin-server/src/audit/tables.ts'
import {
  type Database,
  openDatabase,
  type Session,
} from '../../../../examples/admin-server/src/database/database.ts'

/** Several statements at once, which `query` of PGlite does not take. */
export async function makeTables(database: Database): Promise<void> {
  const { forRelay } = database
  const text = `${auditTables}${auditFunctions}`
  if ('exec' in forRelay) await forRelay.exec(text)
  else await forRelay.query(text)
}

/** One database, since it takes seconds to open. */
export const openMemory = (): Promise<Database> => openDatabase({ folder: 'memory://' })

let schemas = 0

/** A trail of its own in a database that has one connection; those before are out of its sight. */
export async function openTrail(database: Database): Promise<Audit> {
  schemas += 1
  await database.query(`CREATE SCHEMA trail_${schemas}`)
  await database.query(`SET search_path = trail_${schemas}`)
  await makeTables(database)
  return createAudit(database)
}

export const entryOf = (n: number): AuditEntry => ({
  kind: n % 3 === 0 ? 'decision' : 'request',
  actor: n % 2 === 0 ? 'alice' : 'bob',
  requestIds: n % 5 === 0 ? [] : [`rq_${n}`, 'rq_shared'],
  facts: { n, words: ['ü', '\u0000', '"\\'], deep: { none: null, yes: true } },
})

export const appendAll = (
  { database, audit }: { database: Database; audit: Audit },
  entries: readonly AuditEntry[],
): Promise<void> => database.transaction((session) => audit.append(session, entries))

/** Whoever owns the tables can do this. */
export async function disarm(session: Session): Promise<void> {
  for (const table of ['audit', 'audit_head', 'audit_requests'])
    await session.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
}

/** Does `tamper` without triggers, answers what `look` sees then, and takes all of it back. */
export async function tampered<T>(
  database: Database,
  tamper: (session: Session) => Promise<unknown>,
  look: (audit: Audit, session: Session) => Promise<T>,
): Promise<T> {
  let seen: { readonly value: T } | undefined
  const takeBack = new Error('take back')
  await database
    .transaction(async (session) => {
      await disarm(session)
      await tamper(session)
      seen = { value: await look(createAudit(session), session) }
      throw takeBack
    })
    .catch((thrown: unknown) => {
      if (thrown !== takeBack) throw thrown
    })
  if (seen === undefined) throw new Error('nothing was seen')
  return seen.value
}

/** Hashes all records anew from `sequence` on and moves the head to the last: a perfect forgery. */
export async function rehash(session: Session, sequence: number): Promise<void> {
  const [before] = await session.query<{ hash: string }>(
    'SELECT hash FROM audit WHERE sequence = $1 - 1',
    [sequence],
  )
  let hash = before?.hash ?? '0'.repeat(64)
  const rows = await session.query<{ sequence: number; body: string }>(
    'SELECT sequence, body FROM audit WHERE sequence >= $1 ORDER BY sequence',
    [sequence],
  )
  const hashes = rows.map(({ body, ...row }) => {
    const previous = hash
    hash = createHash('sha256').update(`${previous}\n${body}`).digest('hex')
    return { sequence: row.sequence, previous, hash }
  })
  await session.query(
    `UPDATE audit a SET previous_hash = n.previous, hash = n.hash
    FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (sequence, previous, hash)
    WHERE a.sequence = n.sequence`,
    [hashes.map((n) => n.sequence), hashes.map((n) => n.previous), hashes.map((n) => n.hash)],
  )
  await session.query(
    `UPDATE audit_head h SET sequence = a.sequence, hash = a.hash, at_ms = a.at_ms
    FROM (SELECT * FROM audit ORDER BY sequence DESC LIMIT 1) a`,
  )
}

export async function collect<T>(all: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = []
  for await (const one of all) collected.push(one)
  return collected
}
