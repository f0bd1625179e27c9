/** The store in PostgreSQL or PGlite: durable, and shared by as many processes as like. @module */

import { SignerError } from '../errors.ts'
import { FOREVER_MS } from '../loop.ts'
import { assertKnownKeys } from '../options.ts'
import { createSqlAttempts } from './sql/attempts.ts'
import { createSqlHoldAndTurns } from './sql/hold-and-turns.ts'
import { createSqlJobs } from './sql/jobs.ts'
import { migrate } from './sql/migrate.ts'
import { createSqlProposalKeys } from './sql/proposal-keys.ts'
import { createRunner, type SqlDatabase } from './sql-database.ts'
import type { RelayStore } from './store.ts'

/** Where the tables lie. */
export type SqlStoreOptions = {
  /** A plain identifier: lower-case letters, digits and `_`. Default `fcl_kms`. */
  readonly schema?: string
  /**
   * Milliseconds for each statement, waiting for a connection of the pool included. Default 10,000. A
   * pool without `connectionTimeoutMillis` is given this one.
   */
  readonly timeoutMs?: number
}

/**
 * Creates the tables where they are missing, then answers with the store. Each step is one statement
 * at the database's clock, so processes whose clocks differ share it safely. Leave the isolation level
 * at PostgreSQL's default, `read committed`.
 *
 * @param database - A `pg.Pool` or a `PGlite`, 15 or newer. It is not ended here. What the store does
 *   with a pool when the server is gone stands in docs/several-processes.md.
 * @throws {SignerError} `INVALID_OPTION`, `STORE_UNAVAILABLE`, or `STORE_VERSION_UNKNOWN` for tables
 *   that a later version has changed. Each method of the store rejects with `STORE_UNAVAILABLE`
 *   or `STORE_REFUSED`.
 */
export async function createSqlStore(
  database: SqlDatabase,
  options: SqlStoreOptions = {},
): Promise<RelayStore> {
  assertKnownKeys(options, ['schema', 'timeoutMs'])
  const { schema = 'fcl_kms', timeoutMs = 10_000 } = options
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new SignerError('INVALID_OPTION', {
      option: 'schema',
      reason: 'it is not 1 to 63 lower-case letters, digits and _, with no digit or pg_ in front',
    })
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > FOREVER_MS)
    throw new SignerError('INVALID_OPTION', {
      option: 'timeoutMs',
      reason: 'it is not a whole number from 1 to 2147483647',
    })
  const run = createRunner(database, timeoutMs)
  const quoted = `"${schema}"`
  await migrate(run, quoted)
  return Object.freeze({
    ...createSqlProposalKeys(run, quoted),
    ...createSqlJobs(run, quoted),
    ...createSqlAttempts(run, quoted),
    ...createSqlHoldAndTurns(run, quoted),
  })
}
