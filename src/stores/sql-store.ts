/** The store in PostgreSQL or PGlite: durable, and shared by as many processes as like. @module */

import { SignerError } from '../errors.ts'
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
}

/**
 * Creates the tables where they are missing, then answers with the store. Each method is one
 * statement at the database's clock, so processes whose clocks differ share it safely. Leave the
 * isolation level at PostgreSQL's default, `read committed`.
 *
 * @param database - A `pg.Pool` or a `PGlite`, 15 or newer. It is not ended here.
 * @throws {SignerError} `INVALID_OPTION`, `STORE_UNAVAILABLE`, or `STORE_VERSION_UNKNOWN` for tables
 *   that a later version has changed. Each method of the store rejects with `STORE_UNAVAILABLE`.
 */
export async function createSqlStore(
  database: SqlDatabase,
  options: SqlStoreOptions = {},
): Promise<RelayStore> {
  assertKnownKeys(options, ['schema'])
  const { schema = 'fcl_kms' } = options
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new SignerError('INVALID_OPTION', {
      option: 'schema',
      reason: 'it is not 1 to 63 lower-case letters, digits and _, with no digit or pg_ in front',
    })
  const run = createRunner(database)
  const quoted = `"${schema}"`
  await migrate(run, quoted)
  return Object.freeze({
    ...createSqlProposalKeys(run, quoted),
    ...createSqlJobs(run, quoted),
    ...createSqlAttempts(run, quoted),
    ...createSqlHoldAndTurns(run, quoted),
  })
}
