/** Brings the database to the tables and functions of this version, under a lock. @module */

import { sha256Hex } from '../access/digest.ts'
import { AdminError } from '../errors.ts'
import type { Database, Session } from './database.ts'
import { release as ours, type Release } from './release.ts'

/** Of the advisory lock: any number that nobody else in this database takes. */
const LOCK = 0x66_63_6c_6b
/** Whoever starts at the same time waits for the one that works, longer than other statements may. */
const PATIENCE_MS = 60_000

/**
 * Many processes may do so at once: one works, the others wait, then look again. What a later version
 * has put stays, and this one works with it as far as that version says so.
 *
 * @param release - Of this server, unless a test has another.
 * @returns The version before and after.
 * @throws {AdminError} `DATABASE_TOO_NEW` for tables of a later version that does not serve this one;
 *   `DATABASE_UNAVAILABLE`.
 */
export async function migrate(
  database: Database,
  { tables, functions, serves }: Release = ours,
): Promise<{ readonly from: number; readonly to: number }> {
  const known = tables.length
  const hash = sha256Hex(functions)
  const work = async (session: Session) => {
    await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await session.query(
      `CREATE TABLE IF NOT EXISTS migrations (
        version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
    )
    const run = async (text: string) => {
      for (const statement of splitStatements(text)) await session.query(statement)
    }
    const from = await readVersion(session)
    for (const [index, text] of tables.entries()) {
      if (index < from) continue
      await run(text)
      await session.query('INSERT INTO migrations (version) VALUES ($1)', [index + 1])
    }
    const standing = await readFunctions(session)
    if (from > known) {
      // Who has changed the tables and did not say whom they serve is not trusted to serve this one.
      if (standing?.version === from && standing.serves <= known) return { from, to: from }
      throw new AdminError('DATABASE_TOO_NEW', { version: from, known })
    }
    if (standing?.version !== known || standing.hash !== hash) {
      await run(functions)
      await session.query(
        `INSERT INTO functions (version, hash, serves) VALUES ($1, $2, $3) ON CONFLICT (single)
        DO UPDATE SET version = excluded.version, hash = excluded.hash, serves = excluded.serves`,
        [known, hash, serves],
      )
    }
    return { from, to: known }
  }
  return database.transaction(work, { patienceMs: PATIENCE_MS })
}

async function readVersion(session: Session): Promise<number> {
  const [row] = await session.query<{ version: number }>(
    'SELECT coalesce(max(version), 0)::integer AS version FROM migrations',
  )
  return row?.version ?? 0
}

/** Whose functions stand. Each version from 2 on has the table. */
async function readFunctions(session: Session) {
  const [row] = await session.query<{ version: number; hash: string; serves: number }>(
    'SELECT version, hash, serves FROM functions',
  )
  return row
}

/** Drivers take one statement at a time. A semicolon inside of `$…$` bodies ends none. */
function splitStatements(text: string): readonly string[] {
  const parts = text.split(/(\$[a-z_]*\$)/)
  const statements: string[] = []
  let open: string | undefined
  let current = ''
  for (const part of parts) {
    if (/^\$[a-z_]*\$$/.test(part)) {
      if (open === undefined) open = part
      else if (open === part) open = undefined
      current += part
    } else if (open !== undefined) current += part
    else {
      const [first = '', ...others] = part.split(';')
      current += first
      for (const other of others) {
        statements.push(current)
        current = other
      }
    }
  }
  return [...statements, current].map((one) => one.trim()).filter((one) => one !== '')
}
