/** Brings a database to the tables that this version of the package knows. @module */

import { SignerError } from '../../errors.ts'
import type { RunSql } from '../sql-database.ts'
import { createAttemptFunctions } from './attempt-functions.ts'
import { createJobFunctions } from './job-functions.ts'
import { createRowFunctions } from './row-functions.ts'
import { createTables } from './tables.ts'

/** Number n brings version n - 1 to n. Released ones stay as they are: a change is a new one. */
const migrations: readonly ((schema: string) => string)[] = [
  (schema) =>
    [createTables, createRowFunctions, createJobFunctions, createAttemptFunctions]
      .map((create) => create(schema))
      .join(''),
]

/**
 * Applies what is missing. Many processes may do so at once: each step takes the lock of the schema,
 * then looks again. A database that is up to date is only read, so that a role without the right to
 * create tables can start.
 *
 * @param schema - Quoted.
 * @throws {SignerError} `STORE_VERSION_UNKNOWN` for a database that a later version has changed.
 */
export async function migrate(run: RunSql, schema: string): Promise<void> {
  const before = await readVersion(run, schema)
  for (const [index, statements] of migrations.entries())
    if (index + 1 > before) await run('migrate', block(schema, index + 1, statements(schema)))
  const version = await readVersion(run, schema)
  const known = migrations.length
  if (version > known) throw new SignerError('STORE_VERSION_UNKNOWN', { version, known })
}

async function readVersion(run: RunSql, schema: string): Promise<number> {
  const table = `${schema}.migrations`
  const [found] = await run('migrate', `SELECT (to_regclass($1) IS NOT NULL)::text AS json`, table)
  if (found !== true) return 0
  const [version] = await run(
    'migrate',
    `SELECT coalesce(max(version), 0)::text AS json FROM ${table}`,
  )
  return Number(version)
}

/** One statement, since drivers take no more at once: all of it happens, or nothing. */
const block = (schema: string, version: number, statements: string) => `
DO $migration$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('${schema}.migrations', 0));
  IF to_regnamespace('${schema}') IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;
  IF to_regclass('${schema}.migrations') IS NULL THEN
    CREATE TABLE ${schema}.migrations (
      version integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
  END IF;
  IF EXISTS (SELECT FROM ${schema}.migrations WHERE version >= ${version}) THEN
    RETURN;
  END IF;
${statements}
  INSERT INTO ${schema}.migrations (version) VALUES (${version});
END
$migration$`
