/** One PostgreSQL or one PGlite folder, as the rest of the server sees it. @module */

import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { AdminError, isAdminError } from '../errors.ts'
import { lockFolder } from './folder-lock.ts'

/** Runs statements: on any connection, or all on that of one transaction. */
export type Session = {
  /**
   * One statement. `bigint` comes back as a number, `timestamptz` as a Date, `jsonb` parsed.
   *
   * @param name - For a fixed text that runs with each call: PostgreSQL then parses and plans it once
   *   on a connection. One name is one text.
   * @throws {AdminError} `DATABASE_UNAVAILABLE`; `DATABASE_REFUSED` when a constraint refuses it.
   */
  readonly query: <Row>(
    text: string,
    parameters?: readonly unknown[],
    name?: string,
  ) => Promise<readonly Row[]>
}

/** See `openDatabase`. */
export type Database = Session & {
  /**
   * Commits durably when it resolves, rolls back when `work` rejects. `read committed`.
   *
   * @param options.patienceMs - For each statement and lock, where others have to be waited for.
   */
  readonly transaction: <T>(
    work: (session: Session) => Promise<T>,
    options?: { readonly patienceMs?: number },
  ) => Promise<T>
  /** Transactions that can be under way at a time. */
  readonly connections: number
  /** For `createSqlStore` of the library. */
  readonly forRelay: pg.Pool | PGlite
  readonly close: () => Promise<void>
}

/** Where the database is: several processes share a URL; one process at a time owns a folder. */
export type DatabasePlace = { readonly url: string } | { readonly folder: string }

/** Milliseconds: a database that does not answer is an error, never a hang. */
const CONNECT_MS = 5_000
const STATEMENT_MS = 15_000
const LOCK_MS = 5_000
/** Beyond what the server takes for a statement: then it, or the way to it, is gone without a word. */
const SILENCE_MS = 3_000
const CONNECTIONS = 12
const INT8 = 20
/** For tests: gone with the process. */
const MEMORY = 'memory://'
/** Of all tables of this server; those of the relay lie in `fcl_kms`. */
const SCHEMA = 'mint_admin'
/** Two processes that create it at once would get in each other's way without the lock. */
const makeSchema = `DO $make$
BEGIN
  IF to_regnamespace('${SCHEMA}') IS NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('${SCHEMA}', 0));
    CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
  END IF;
END
$make$`

/**
 * @throws {AdminError} `DATABASE_UNAVAILABLE`, `DATABASE_LOGIN_REFUSED`, `DATABASE_MISSING`,
 *   `DATABASE_IN_USE`.
 */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  return 'url' in place ? openPostgres(place.url) : openFolder(place.folder)
}

async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + SILENCE_MS,
    keepAlive: true,
    allowExitOnIdle: true, // a dead connection that is idle holds up no process that ends
    lock_timeout: LOCK_MS,
    idle_in_transaction_session_timeout: STATEMENT_MS,
    application_name: 'fcl-kms-admin-server',
    options: `-c search_path=${SCHEMA}`,
    types: {
      getTypeParser: (id: number, format?: 'text' | 'binary') =>
        id === INT8 ? Number : pg.types.getTypeParser(id, format as 'text'),
    },
  })
  // A server that restarts ends all connections. The pool listens to idle ones alone, and an error that
  // nobody listens to ends the process. Whoever uses the connection is told by its statement.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const session = (client: Pick<pg.PoolClient, 'query'>, query_timeout?: number): Session => ({
    query: async (text, parameters = [], name) => {
      const statement = {
        text,
        values: [...parameters],
        ...(name === undefined ? {} : { name }),
        ...(query_timeout === undefined ? {} : { query_timeout }),
      }
      // The caller states the shape of what its statement selects.
      return (await client.query(statement).catch(refuse)).rows as never
    },
  })
  const database: Database = {
    ...session(pool as unknown as pg.PoolClient), // a pool has the same `query`
    async transaction(work, { patienceMs } = {}) {
      const client = await pool.connect().catch(refuse)
      const mine = session(client, patienceMs === undefined ? undefined : patienceMs + SILENCE_MS)
      let broken = false
      try {
        await mine.query('BEGIN')
        if (patienceMs !== undefined)
          for (const limit of ['lock', 'statement', 'idle_in_transaction_session'])
            await mine.query(`SET LOCAL ${limit}_timeout = ${patienceMs}`)
        const result = await work(mine)
        await mine.query('COMMIT')
        return result
      } catch (thrown) {
        // On a connection that is gone the server rolls back by itself; asked, it would not answer.
        broken =
          isConnectionLost(thrown) ||
          (await client.query('ROLLBACK').then(
            () => false,
            () => true,
          ))
        throw thrown
      } finally {
        client.release(broken)
      }
    },
    connections: CONNECTIONS,
    forRelay: pool,
    close: () => pool.end(),
  }
  await database.query(makeSchema)
  return Object.freeze(database)
}

async function openFolder(folder: string): Promise<Database> {
  const unlock = folder === MEMORY ? async () => undefined : await lockFolder(folder)
  const pglite = await createPglite(folder).catch(async (thrown: unknown) => {
    await unlock()
    return refuse(thrown)
  })
  const session = (client: Pick<PGlite, 'query'>): Session => ({
    query: async (text, parameters = []) =>
      (await client.query(text, [...parameters]).catch(refuse)).rows as never, // as above
  })
  return Object.freeze({
    ...session(pglite),
    // PGlite types its transactions without what cannot be used in one.
    transaction: <T>(work: (session: Session) => Promise<T>) =>
      pglite.transaction((client) => work(session(client as unknown as PGlite))) as Promise<T>,
    connections: 1,
    forRelay: pglite,
    async close() {
      await pglite.close()
      await unlock()
    },
  })
}

async function createPglite(folder: string): Promise<PGlite> {
  const pglite = await PGlite.create(folder, { parsers: { [INT8]: Number } })
  await pglite.exec(`${makeSchema}; SET search_path TO ${SCHEMA}`)
  return pglite
}

/** The driver's text may hold values of a row: it is the cause, and enumerates no parameters. */
function refuse(thrown: unknown): never {
  if (thrown instanceof Error)
    for (const field of ['query', 'params', 'detail', 'where'])
      if (Object.hasOwn(thrown, field)) Object.defineProperty(thrown, field, { enumerable: false })
  const sqlState = sqlStateOf(thrown)
  // Class 23: a constraint; P0001: one of our own triggers.
  if (/^23|^P0001/.test(sqlState)) throw new AdminError('DATABASE_REFUSED', { sqlState }, thrown)
  if (/^28/.test(sqlState)) throw new AdminError('DATABASE_LOGIN_REFUSED', { sqlState }, thrown)
  if (sqlState === '3D000') throw new AdminError('DATABASE_MISSING', { sqlState }, thrown)
  throw new AdminError('DATABASE_UNAVAILABLE', { sqlState }, thrown)
}

const sqlStateOf = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : ''

/** Class 08: the connection; 57P: it was ended from there. What has no SQLSTATE never came from there. */
const isConnectionLost = (thrown: unknown): boolean =>
  isAdminError(thrown, 'DATABASE_UNAVAILABLE') &&
  (!/^[0-9A-Z]{5}$/.test(String(thrown.facts['sqlState'])) ||
    /^08|^57P/.test(String(thrown.facts['sqlState'])))
