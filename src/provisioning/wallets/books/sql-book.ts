/** A book in PostgreSQL or PGlite. @module */

import { assertKnownKeys, assertTimeout, invalid } from '../../../options.ts'
import { migrate } from '../../../stores/sql/migrate.ts'
import { createRunner, type SqlDatabase } from '../../../stores/sql-database.ts'
import type { WalletBook } from '../book.ts'
import {
  decodeRun,
  decodeWallet,
  encodeRun,
  encodeWallet,
  listedWallet,
  MAX_RUN_BYTES,
  MAX_WALLET_BYTES,
} from '../record.ts'
import { checkWalletQuery } from '../wallet-query.ts'
import { walletsRelease } from './sql-tables.ts'

/** Where the tables lie. */
export type SqlWalletBookOptions = {
  /**
   * A plain identifier: lower-case letters, digits and `_`. Default `fcl_kms_wallets`. It is for these
   * tables alone: those of the relay and of sealed keys are others.
   */
  readonly schema?: string
  /** Milliseconds for each statement. Default 10,000. */
  readonly timeoutMs?: number
}

/**
 * Creates the tables where they are missing. Each step is one statement; address and public key are
 * indexed.
 *
 * @param database - A `pg.Pool` or a `PGlite`, 15 or newer, or anything with their `query`. It is not
 *   ended here.
 * @throws {SignerError} `INVALID_OPTION`, `STORE_UNAVAILABLE`, or `STORE_VERSION_UNKNOWN` for tables
 *   that a later version has changed.
 */
export async function createSqlWalletBook(
  database: SqlDatabase,
  options: SqlWalletBookOptions = {},
): Promise<WalletBook> {
  assertKnownKeys(options, ['schema', 'timeoutMs'])
  const { schema = 'fcl_kms_wallets', timeoutMs = 10_000 } = options
  if (typeof schema !== 'string' || !/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw invalid(
      'schema',
      'it is not 1 to 63 lower-case letters, digits and _, with no digit or pg_ in front',
    )
  assertTimeout('timeoutMs', timeoutMs)
  const isDatabase = typeof database === 'object' && database !== null && 'query' in database
  if (!isDatabase || typeof database.query !== 'function')
    throw invalid('database', 'it has no function query')
  const run = createRunner(database, timeoutMs)
  await migrate(run, `"${schema}"`, walletsRelease)
  const table = `"${schema}".wallets`
  const runTable = `"${schema}".wallet_run`
  const look = 'SELECT (to_regclass($1) IS NOT NULL)::text AS json'
  if ((await run('migrate', look, table))[0] !== 'true')
    throw invalid('schema', 'it holds the tables of something else: name one for wallets alone')

  const isDone = (rows: readonly string[]) => rows.length > 0
  return Object.freeze({
    async read(id) {
      const text = `SELECT left(record, ${MAX_WALLET_BYTES + 1}) AS json FROM ${table} WHERE id = $1`
      const [record] = await run('read', text, id)
      return record === undefined ? undefined : decodeWallet(id, record)
    },
    async add(wallet) {
      const text = `INSERT INTO ${table} (id, address, public_key, record) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING RETURNING 'true' AS json`
      const { id, address, publicKey } = wallet
      return isDone(await run('add', text, id, address, publicKey, encodeWallet(wallet)))
    },
    async list(query) {
      const {
        prefix = '',
        address = '',
        publicKey = '',
        after = '',
        limit,
      } = checkWalletQuery(query)
      // '~' comes behind all that an id may hold, so the range ends with the prefix.
      const text = `SELECT json_build_array(id, left(record, ${MAX_WALLET_BYTES + 1}))::text AS json
        FROM ${table}
        WHERE id > $1 AND id >= $2 AND id < $2 || '~'
          AND ($3 = '' OR address = $3) AND ($4 = '' OR public_key = $4)
        ORDER BY id LIMIT $5::integer`
      const rows = await run('list', text, after, prefix, address, publicKey, String(limit + 1))
      const found = rows.map((row) => JSON.parse(row) as [string, string]) // as selected
      const wallets = found.slice(0, limit).map(([id, record]) => listedWallet(id, record))
      const last = wallets.at(-1)
      return found.length > limit && last !== undefined ? { wallets, next: last.id } : { wallets }
    },
    async readRun() {
      const text = `SELECT left(record, ${MAX_RUN_BYTES + 1}) AS json FROM ${runTable}`
      const [record] = await run('readRun', text)
      return record === undefined ? undefined : decodeRun(record)
    },
    async replaceRun(next, expected) {
      const given = [String(next.revision), encodeRun(next)] as const
      if (expected === 0) {
        const text = `INSERT INTO ${runTable} (revision, record) VALUES ($1::bigint, $2)
          ON CONFLICT (single) DO NOTHING RETURNING 'true' AS json`
        return isDone(await run('replaceRun', text, ...given))
      }
      const text = `UPDATE ${runTable} SET revision = $1::bigint, record = $2
        WHERE revision = $3::bigint RETURNING 'true' AS json`
      return isDone(await run('replaceRun', text, ...given, String(expected)))
    },
  } satisfies WalletBook)
}
