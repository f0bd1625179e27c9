/** Rotations in PostgreSQL or PGlite, beside the tables of pools and relays. @module */

import { normalizeAddress } from '../../../crypto/address.ts'
import { SignerError } from '../../../errors.ts'
import { assertKnownKeys, assertTimeout, invalid } from '../../../options.ts'
import { createRunner, type RunSql, type SqlDatabase } from '../../../stores/sql-database.ts'
import { encodeRecord, MAX_RECORD_LENGTH, parseRecord } from '../record.ts'
import type { RotationRecord, RotationStore } from '../types.ts'

/** Where the table lies. */
export type SqlRotationsOptions = {
  /** A plain identifier: lower-case letters, digits and `_`. Default `fcl_kms`, that of the relay's store. */
  readonly schema?: string
  /** Milliseconds for each statement. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Creates the table `rotations` where it is missing; a role that may create nothing needs it to be
 * there. Each step is one statement.
 *
 * @param database - A `pg.Pool` or a `PGlite`, 15 or newer, or anything with their `query`. It is not
 *   ended here.
 * @throws {SignerError} `INVALID_OPTION`, `STORE_UNAVAILABLE`, `STORE_REFUSED`, as each function of the
 *   store; those that read throw `ROTATION_RECORD_INVALID` too.
 */
export async function createSqlRotations(
  database: SqlDatabase,
  options: SqlRotationsOptions = {},
): Promise<RotationStore> {
  assertKnownKeys(options, ['schema', 'timeoutMs'])
  const { schema = 'fcl_kms', timeoutMs = 10_000 } = options
  if (typeof schema !== 'string' || !/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw invalid(
      'schema',
      'it is not 1 to 63 lower-case letters, digits and _, with no digit or pg_ in front',
    )
  assertTimeout('timeoutMs', timeoutMs)
  const run = createRunner(database, timeoutMs)
  const table = `"${schema}".rotations`
  await createTable(run, schema)

  const isDone = (rows: readonly string[]) => rows.length > 0
  const row = (where: string, order: string) => `SELECT json_build_object('address', address,
    'revision', revision, 'state', state, 'record', left(record, ${MAX_RECORD_LENGTH + 1}))::text AS json
    FROM ${table} ${where} ORDER BY ${order}`
  return Object.freeze({
    async begin(record) {
      // What it may collide with: its id, and the one that is open.
      const text = `INSERT INTO ${table} (address, id, revision, state, record)
        VALUES ($1, $2, $3::bigint, $4, $5) ON CONFLICT DO NOTHING RETURNING 'true' AS json`
      return isDone(await run('begin', text, ...columnsOf(record)))
    },
    async replace(record, expectedRevision) {
      const text = `UPDATE ${table} SET revision = $3::bigint, state = $4, record = $5
        WHERE address = $1 AND id = $2 AND revision = $6::bigint AND state = 'open' RETURNING 'true' AS json`
      return isDone(await run('replace', text, ...columnsOf(record), String(expectedRevision)))
    },
    async read(address) {
      const normal = normalizeAddress(address)
      const text = `${row('WHERE address = $1', `(state = 'open') DESC, position DESC`)} LIMIT 1`
      const [found] = await run('read', text, normal)
      return found === undefined ? undefined : parseRow(found)
    },
    async list() {
      const newest = `WHERE position IN (SELECT max(position) FROM ${table} GROUP BY address)
        OR state = 'open'`
      const text = `${row(newest, `(state = 'open') DESC, position DESC`)} LIMIT 1000`
      return (await run('list', text)).map(parseRow)
    },
  } satisfies RotationStore)
}

const columnsOf = (record: RotationRecord) => [
  record.address,
  record.id,
  String(record.revision),
  record.state,
  encodeRecord(record),
]

/** @throws {SignerError} `ROTATION_RECORD_INVALID`, also when a column says something else. */
function parseRow(json: string): RotationRecord {
  // As selected. The text of a record is that of its column.
  const row = JSON.parse(json) as {
    readonly address: string
    readonly revision: number
    readonly state: string
    readonly record: string
  }
  const record = parseRecord(row.record, row.address)
  if (record.revision === row.revision && record.state === row.state) return record
  const reason = 'its revision or state is not that of its row'
  throw new SignerError('ROTATION_RECORD_INVALID', { address: row.address, reason })
}

/** One statement, since drivers take no more at once; under a lock, since many processes start at once. */
async function createTable(run: RunSql, schema: string): Promise<void> {
  const look = 'SELECT (to_regclass($1) IS NOT NULL)::text AS json'
  if ((await run('migrate', look, `"${schema}".rotations`))[0] === 'true') return
  await run(
    'migrate',
    `DO $migration$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('"${schema}".migrations', 0));
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = '${schema}') THEN
    CREATE SCHEMA "${schema}";
  END IF;
  CREATE TABLE IF NOT EXISTS "${schema}".rotations (
    position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    address text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'done', 'aborted')),
    record text NOT NULL,
    PRIMARY KEY (address, id)
  );
  CREATE UNIQUE INDEX IF NOT EXISTS rotations_open ON "${schema}".rotations (address)
    WHERE state = 'open';
END
$migration$`,
  )
}
