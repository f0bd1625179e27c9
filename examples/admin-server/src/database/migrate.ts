/** Brings the database to the tables that this version knows, under a lock. @module */

import { accessTables } from '../access/tables.ts'
import { auditTables } from '../audit/tables.ts'
import { AdminError } from '../errors.ts'
import { requestTables } from '../requests/tables.ts'
import { webhookTables } from '../webhooks/tables.ts'
import type { Database, Session } from './database.ts'

/** Number n brings version n - 1 to n. Released ones stay as they are: a change is a new one. */
const migrations: readonly string[] = [
  [auditTables, accessTables, requestTables, webhookTables].join('\n'),
]

/** Of the advisory lock: any number that nobody else in this database takes. */
const LOCK = 0x66_63_6c_6b
/** Whoever starts at the same time waits for the one that works, longer than other statements may. */
const PATIENCE_MS = 60_000

/**
 * Many processes may do so at once: one works, the others wait, then look again.
 *
 * @returns The version before and after.
 * @throws {AdminError} `DATABASE_TOO_NEW`, `DATABASE_UNAVAILABLE`.
 */
export async function migrate(
  database: Database,
): Promise<{ readonly from: number; readonly to: number }> {
  return database.transaction(
    async (session) => {
      await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
      await session.query(
        `CREATE TABLE IF NOT EXISTS migrations (
        version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
      )
      const from = await readVersion(session)
      if (from > migrations.length)
        throw new AdminError('DATABASE_TOO_NEW', { version: from, known: migrations.length })
      for (const [index, text] of migrations.entries()) {
        if (index < from) continue
        for (const statement of splitStatements(text)) await session.query(statement)
        await session.query('INSERT INTO migrations (version) VALUES ($1)', [index + 1])
      }
      return { from, to: migrations.length }
    },
    { patienceMs: PATIENCE_MS },
  )
}

async function readVersion(session: Session): Promise<number> {
  const [row] = await session.query<{ version: number }>(
    'SELECT coalesce(max(version), 0)::integer AS version FROM migrations',
  )
  return row?.version ?? 0
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
