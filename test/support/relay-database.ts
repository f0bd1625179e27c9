/** A database of one's own for relays in other processes: a folder of PGlite, or PostgreSQL. @module */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'
import { createSqlStore } from '../../src/stores/index.ts'
import { findPostgres, startPostgres } from './postgres.ts'
import type { RelayProcessOptions } from './relay-process.ts'

/** What the relay keeps of a transaction, as far as the invariants need it. */
export type AttemptFact = {
  readonly keyIndex: number
  readonly sequenceNumber: number
  readonly state: string
}

/** A database with the tables of the store. */
export type RelayDatabase = AsyncDisposable & {
  readonly kind: 'PGlite' | 'PostgreSQL'
  readonly store: RelayProcessOptions['store']
  /** All attempts and the states of all jobs; of a folder only while no process has it. */
  readonly read: () => Promise<{
    readonly attempts: readonly AttemptFact[]
    readonly jobs: ReadonlyMap<string, string>
  }>
}

type Query = (text: string) => Promise<{ readonly rows: readonly unknown[] }>

const attemptsOf = `SELECT key_index::int AS "keyIndex", sequence_number::int AS "sequenceNumber",
  state FROM fcl_kms.attempts`

async function readWith(query: Query) {
  const attempts = await query(attemptsOf)
  const jobs = await query('SELECT id, state FROM fcl_kms.jobs')
  return {
    attempts: attempts.rows as AttemptFact[], // the columns that are selected
    jobs: new Map(
      (jobs.rows as { id: string; state: string }[]).map(({ id, state }) => [id, state]),
    ),
  }
}

/**
 * The folder is made here and not by the first process: making it takes PGlite seconds, and a kill
 * in the midst leaves one that nobody can open.
 */
export async function createFolder(): Promise<RelayDatabase> {
  const parent = mkdtempSync(join(tmpdir(), 'fcl-kms-relay-'))
  const folder = join(parent, 'database')
  const use = async <T>(run: (database: PGlite) => Promise<T>): Promise<T> => {
    // A kill leaves postmaster.pid behind with a number that is no process: PGlite passes over it.
    const database = await PGlite.create(folder)
    try {
      return await run(database)
    } finally {
      await database.close()
    }
  }
  await use(createSqlStore)
  return {
    kind: 'PGlite',
    store: { folder },
    read: () => use((database) => readWith((text) => database.query(text))),
    [Symbol.asyncDispose]: async () => rmSync(parent, { recursive: true, force: true }),
  }
}

/** @param bin - From `findPostgres`. */
export async function createServer(bin: string): Promise<RelayDatabase> {
  const server = await startPostgres(bin)
  return {
    kind: 'PostgreSQL',
    store: { databaseUrl: server.url },
    async read() {
      const client = new Client({ connectionString: server.url })
      await client.connect()
      try {
        return await readWith((text) => client.query(text))
      } finally {
        await client.end()
      }
    },
    [Symbol.asyncDispose]: server.stop,
  }
}

/** PostgreSQL where it is installed, since its processes start faster; else PGlite. */
export function createFastest(): Promise<RelayDatabase> {
  const bin = findPostgres()
  return bin === undefined ? createFolder() : createServer(bin)
}
