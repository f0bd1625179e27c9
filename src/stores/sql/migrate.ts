/** Brings a schema to the tables and functions of this version of the package. @module */

import { hashMessage } from '../../crypto/hash.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { SignerError } from '../../errors.ts'
import type { RunSql } from '../sql-database.ts'
import { release as ours, type Release } from './release.ts'

/** What stands in a schema; `functions` is their version, 0 while nobody has said it. */
type Standing = {
  readonly version: number
  readonly functions: number
  readonly hash: string
  readonly serves: number
}

/**
 * Adds the tables that are missing and puts the functions where they are not those of this version.
 * Many processes may do so at once: the one statement takes the lock of the schema, then looks again.
 * What a later version has put stays, and this one works with it as far as that version says so. A
 * schema that is up to date is only read, so that a role without the right to create can start.
 *
 * @param schema - Quoted.
 * @param release - Of this package, unless a test has another.
 * @throws {SignerError} `STORE_VERSION_UNKNOWN` for a schema of a later version that does not serve
 *   this one.
 */
export async function migrate(run: RunSql, schema: string, release: Release = ours): Promise<void> {
  const known = release.tables.length
  const hash = bytesToHex(
    hashMessage(new TextEncoder().encode(release.functions(schema)), 'SHA2_256'),
  )
  const before = await readStanding(run, schema)
  if (before.version === known && before.functions === known && before.hash === hash) return
  if (before.version <= known) await run('migrate', statementOf(release, schema, hash))
  const { version, functions, serves } = await readStanding(run, schema)
  // Who has changed the tables and did not say whom they serve is not trusted to serve this one.
  if (version > known && (functions !== version || serves > known))
    throw new SignerError('STORE_VERSION_UNKNOWN', { version, known })
}

async function readStanding(run: RunSql, schema: string): Promise<Standing> {
  const none = { version: 0, functions: 0, hash: '', serves: 0 }
  const isThere = async (table: string) => {
    const look = 'SELECT (to_regclass($1) IS NOT NULL)::text AS json'
    return (await run('migrate', look, `${schema}.${table}`))[0] === 'true'
  }
  if (!(await isThere('migrations'))) return none
  const read = (functions: string) => `SELECT json_build_object('version',
    coalesce((SELECT max(version) FROM ${schema}.migrations), 0)${functions})::text AS json`
  const [standing] = await run(
    'migrate',
    (await isThere('functions'))
      ? `${read(`, 'functions', f.version, 'hash', f.hash, 'serves', f.serves`)}
        FROM ${schema}.functions AS f`
      : read(''),
  )
  return { ...none, ...(JSON.parse(standing ?? '{}') as Partial<Standing>) } // as selected
}

/**
 * One statement, since drivers take no more at once: all of it happens, or nothing. The schema is looked
 * for in the table of schemas: `to_regnamespace` still answers what was true before the wait for the lock.
 */
const statementOf = ({ tables, functions, serves }: Release, schema: string, hash: string) => `
DO $migration$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('${schema}.migrations', 0));
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '${schema.replaceAll('"', '')}') THEN
    CREATE SCHEMA ${schema};
  END IF;
  IF to_regclass('${schema}.migrations') IS NULL THEN
    CREATE TABLE ${schema}.migrations (
      version integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
  END IF;
  ${tables.map((create, index) => stepOf(schema, index + 1, create(schema))).join('\n')}
  IF EXISTS (SELECT FROM ${schema}.migrations WHERE version > ${tables.length}) OR EXISTS (
    SELECT FROM ${schema}.functions WHERE version = ${tables.length} AND hash = '${hash}')
  THEN
    RETURN;
  END IF;
${functions(schema)}
  INSERT INTO ${schema}.functions (version, hash, serves)
    VALUES (${tables.length}, '${hash}', ${serves})
    ON CONFLICT (single) DO UPDATE SET
      version = excluded.version, hash = excluded.hash, serves = excluded.serves;
END
$migration$`

const stepOf = (schema: string, version: number, statements: string) => `
  IF NOT EXISTS (SELECT FROM ${schema}.migrations WHERE version >= ${version}) THEN
    ${statements}
    INSERT INTO ${schema}.migrations (version) VALUES (${version});
  END IF;`
