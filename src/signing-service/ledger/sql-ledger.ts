/** The ledger in PostgreSQL or PGlite: durable, and shared by as many services as like. @module */

import { SignerError } from '../../errors.ts'
import { assertKnownKeys, assertTimeout } from '../../options.ts'
import { migrate } from '../../stores/sql/migrate.ts'
import { createRunner, type SqlDatabase } from '../../stores/sql-database.ts'
import type { Ledger, LedgerDecision } from './ledger.ts'
import { ledgerRelease } from './sql-tables.ts'

/** Where the tables lie. */
export type SqlLedgerOptions = {
  /** A plain identifier: lower-case letters, digits and `_`. Default `fcl_kms_ledger`. */
  readonly schema?: string
  /** Milliseconds for each statement, waiting for a connection included. Default 4,000. */
  readonly timeoutMs?: number
}

/**
 * Creates the tables where they are missing. Each claim is one statement at the database's clock, so
 * services whose clocks differ share it safely. Claims that take from one budget wait for each other.
 *
 * @param database - A `pg.Pool` or a `PGlite`, 15 or newer. It is not ended here. Leave the isolation
 *   level at PostgreSQL's default, `read committed`.
 * @throws {SignerError} `INVALID_OPTION`, `STORE_UNAVAILABLE`, or `STORE_VERSION_UNKNOWN` for tables
 *   that a later version has changed.
 */
export async function createSqlLedger(
  database: SqlDatabase,
  options: SqlLedgerOptions = {},
): Promise<Ledger> {
  assertKnownKeys(options, ['schema', 'timeoutMs'])
  const { schema = 'fcl_kms_ledger', timeoutMs = 4_000 } = options
  if (typeof database?.query !== 'function')
    throw invalid('database', 'it has no function query(text, parameters)')
  if (!/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw invalid('schema', 'it is not 1 to 63 lower-case letters, digits and _')
  assertTimeout('timeoutMs', timeoutMs)
  const run = createRunner(database, timeoutMs)
  const quoted = `"${schema}"`
  await migrate(run, quoted, ledgerRelease)
  const statement = `SELECT ${quoted}.claim($1, $2::text::bigint, $3::text::numeric, $4,
    $5::text::numeric * interval '1 millisecond', $6::text::jsonb) AS json`
  return Object.freeze({
    async claim({ address, keyIndex, sequenceNumber, payloadHash, holdMs, charges }) {
      const taken = charges.map(({ budget, amount, perDay }) => ({
        budget,
        amount: String(amount),
        per_day: String(perDay),
      }))
      const numbers = [keyIndex, sequenceNumber].map(String)
      const parameters = [address, ...numbers, payloadHash, String(holdMs), JSON.stringify(taken)]
      const [said = ''] = await run('claim', statement, ...parameters)
      return decisionOf(said)
    },
  } satisfies Ledger)
}

function decisionOf(said: string): LedgerDecision {
  if (said === 'granted' || said === 'replayed' || said === 'conflict') return { decision: said }
  if (said.startsWith('spent ')) return { decision: 'spent', budget: said.slice(6) }
  throw new SignerError('LEDGER_UNAVAILABLE', { reason: 'the database answered otherwise' })
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
