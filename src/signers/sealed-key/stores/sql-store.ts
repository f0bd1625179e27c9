/** Records in PostgreSQL or PGlite. @module */

import { bytesToHex, hexToBytes } from '../../../crypto/hex.ts'
import { SignerError } from '../../../errors.ts'
import { assertKnownKeys, assertTimeout } from '../../../options.ts'
import { migrate } from '../../../stores/sql/migrate.ts'
import { createRunner, type SqlDatabase } from '../../../stores/sql-database.ts'
import { READ_BYTES, type SealedKeyStore } from '../key-store.ts'
import { sealedKeysRelease } from './sql-tables.ts'

/** Where the table lies. */
export type SqlKeyStoreOptions = {
  /**
   * A plain identifier: lower-case letters, digits and `_`. Default `fcl_kms_sealed_keys`. It is for
   * this table alone: that of the relay's store is another.
   */
  readonly schema?: string
  /** Milliseconds for each statement. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Creates the table where it is missing. Each step is one statement.
 *
 * @param database - A `pg.Pool` or a `PGlite`, 15 or newer, or anything with their `query`. It is not
 *   ended here.
 * @throws {SignerError} `INVALID_OPTION`, `STORE_UNAVAILABLE`, or `STORE_VERSION_UNKNOWN` for a table
 *   that a later version has changed.
 */
export async function createSqlKeyStore(
  database: SqlDatabase,
  options: SqlKeyStoreOptions = {},
): Promise<SealedKeyStore> {
  assertKnownKeys(options, ['schema', 'timeoutMs'])
  const { schema = 'fcl_kms_sealed_keys', timeoutMs = 10_000 } = options
  const wrong = (reason: string) => new SignerError('INVALID_OPTION', { option: 'schema', reason })
  if (typeof schema !== 'string' || !/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw wrong('it is not 1 to 63 lower-case letters, digits and _, with no digit or pg_ in front')
  assertTimeout('timeoutMs', timeoutMs)
  const run = createRunner(database, timeoutMs)
  await migrate(run, `"${schema}"`, sealedKeysRelease)
  const table = `"${schema}".sealed_keys`
  const look = 'SELECT (to_regclass($1) IS NOT NULL)::text AS json'
  if ((await run('migrate', look, table))[0] !== 'true')
    throw wrong('it holds the tables of something else: name one for sealed keys alone')

  const bytes = (parameter: string) => `decode(${parameter}, 'hex')`
  const isDone = (rows: readonly string[]) => rows.length > 0
  return Object.freeze({
    async create(id, record) {
      const text = `INSERT INTO ${table} (id, record) VALUES ($1, ${bytes('$2')})
        ON CONFLICT (id) DO NOTHING RETURNING 'true' AS json`
      return isDone(await run('create', text, id, bytesToHex(record)))
    },
    async read(id) {
      const text = `SELECT encode(substring(record FOR ${READ_BYTES}), 'hex') AS json
        FROM ${table} WHERE id = $1`
      const [record] = await run('read', text, id)
      return record === undefined ? undefined : hexToBytes(record, 'record')
    },
    async list({ after = '', limit }) {
      const text = `SELECT id AS json FROM ${table} WHERE id > $1 ORDER BY id LIMIT $2::integer`
      const ids = await run('list', text, after, String(limit))
      const last = ids.at(-1)
      return ids.length < limit || last === undefined ? { ids } : { ids, next: last }
    },
    async replace(id, expected, next) {
      const where = `WHERE id = $1 AND record = ${bytes('$2')} RETURNING 'true' AS json`
      const given = [id, bytesToHex(expected)] as const
      if (next === undefined)
        return isDone(await run('replace', `DELETE FROM ${table} ${where}`, ...given))
      const text = `UPDATE ${table} SET record = ${bytes('$3')} ${where}`
      return isDone(await run('replace', text, ...given, bytesToHex(next)))
    },
  } satisfies SealedKeyStore)
}
