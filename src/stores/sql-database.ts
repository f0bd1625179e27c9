/** The database as the store sees it: one function, and the ways in which it fails. @module */

import { withDeadline } from '../deadline.ts'
import { SignerError } from '../errors.ts'
import { asPool, queryOf } from './sql/pool.ts'

/**
 * What the store needs of a database: a `pg.Pool` and a `PGlite` are ones as they are. Each call is
 * one statement in a transaction of its own, committed durably when it resolves.
 */
export type SqlDatabase = {
  readonly query: (
    text: string,
    parameters?: unknown[],
  ) => Promise<{ readonly rows: readonly unknown[] }>
}

/**
 * Runs one statement whose only column is `json`, a text, so that no setting of a driver decides how
 * large numbers, bytes and times come back.
 *
 * @param operation - What fails, for the error.
 * @returns The texts.
 * @throws {SignerError} `STORE_UNAVAILABLE`, also when no answer came in time; `STORE_REFUSED`.
 */
export type RunSql = (
  operation: string,
  text: string,
  ...parameters: readonly string[]
) => Promise<readonly string[]>

/** A migration waits for those of others, and for those who use the tables. */
const MIGRATE_MS = 600_000

/**
 * See `RunSql`. Parameters are texts; the statements cast them.
 *
 * @param timeoutMs - Milliseconds for each statement, waiting for a connection included.
 */
export function createRunner(database: SqlDatabase, timeoutMs: number): RunSql {
  const pool = asPool(database, timeoutMs)
  return async (operation, text, ...parameters) => {
    const waitedMs = operation === 'migrate' ? MIGRATE_MS : timeoutMs
    const onTimeout = () => new SignerError('STORE_UNAVAILABLE', { operation, waitedMs })
    const { rows } = await withDeadline({ timeoutMs: waitedMs, onTimeout }, (signal) =>
      (pool === undefined
        ? database.query(text, [...parameters])
        : queryOf(pool, text, parameters, signal)
      ).catch((thrown: unknown) => Promise.reject(storeFailure(operation, thrown))),
    )
    // Every statement of the store names its column so and casts it to text.
    return rows.map((row) => (row as { json: string }).json)
  }
}

/**
 * The driver's text may hold values of a row, so it is the cause and no part of the sentence. PGlite
 * adds the statement and all its parameters, which no log should print along with the cause.
 */
function storeFailure(operation: string, thrown: unknown): SignerError {
  if (thrown instanceof Error)
    for (const field of ['query', 'params'])
      if (Object.hasOwn(thrown, field)) Object.defineProperty(thrown, field, { enumerable: false })
  const sqlState = sqlStateOf(thrown)
  // Class 22: a value that it cannot take; 54: more than it can take. The statement did nothing.
  return /^(22|54)...$/.test(sqlState)
    ? new SignerError('STORE_REFUSED', { operation, sqlState }, { cause: thrown })
    : new SignerError('STORE_UNAVAILABLE', { operation }, { cause: thrown })
}

const sqlStateOf = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''
