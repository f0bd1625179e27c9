/** The database as the store sees it: one function, and one way in which it fails. @module */

import { SignerError } from '../errors.ts'

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
 * @returns The texts, parsed.
 * @throws {SignerError} `STORE_UNAVAILABLE`.
 */
export type RunSql = (
  operation: string,
  text: string,
  ...parameters: readonly string[]
) => Promise<readonly unknown[]>

/** See `RunSql`. Parameters are texts; the statements cast them. */
export function createRunner(database: SqlDatabase): RunSql {
  return async (operation, text, ...parameters) => {
    const { rows } = await database
      .query(text, [...parameters])
      .catch((thrown: unknown) => Promise.reject(storeFailure(operation, thrown)))
    // Every statement of the store names its column so and casts it to text.
    return rows.map((row) => JSON.parse((row as { json: string }).json))
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
  return new SignerError('STORE_UNAVAILABLE', { operation }, { cause: thrown })
}
