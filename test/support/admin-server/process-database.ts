/** Databases of one's own for servers in other processes, which can be copied as a backup is. @module */

import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { findPostgres, startPostgres } from '../postgres.ts'
import type { ServerPlace } from './process.ts'

/** One empty database of PostgreSQL. */
export type PostgresDatabase = ServerDatabase & { readonly url: string }

/** One empty database. */
export type ServerDatabase = AsyncDisposable & {
  readonly kind: 'PGlite' | 'PostgreSQL'
  readonly place: ServerPlace
  /** A copy of all that is in it, beside it; while no process has it. Gone with it. */
  readonly copy: () => Promise<ServerPlace>
}

/** A PostgreSQL in which databases can be made. */
export type PostgresHost = AsyncDisposable & {
  readonly url: string
  readonly createDatabase: () => Promise<PostgresDatabase>
}

/** Whether `startPostgresHost` can be called. */
export const hasPostgres = (): boolean =>
  Boolean(process.env['DATABASE_URL']) || findPostgres() !== undefined

/** That of DATABASE_URL, whose user may create databases; else one of one's own. */
export async function startPostgresHost(): Promise<PostgresHost> {
  const given = process.env['DATABASE_URL']
  const bin = findPostgres()
  const own = given || bin === undefined ? undefined : await startPostgres(bin)
  const url = own?.url ?? given ?? ''
  return {
    url,
    createDatabase: () => createDatabase(url),
    [Symbol.asyncDispose]: async () => own?.stop(),
  }
}

async function createDatabase(hostUrl: string): Promise<PostgresDatabase> {
  const name = `fcl_kms_test_${randomBytes(6).toString('hex')}`
  const made: string[] = []
  const create = async (database: string, template?: string): Promise<string> => {
    const from = template === undefined ? '' : ` TEMPLATE ${template}`
    await execute(hostUrl, `CREATE DATABASE ${database}${from}`)
    made.push(database)
    const url = new URL(hostUrl)
    url.pathname = `/${database}`
    return url.href
  }
  const url = await create(name)
  return {
    kind: 'PostgreSQL',
    url,
    place: { databaseUrl: url },
    copy: async () => ({ databaseUrl: await create(`${name}_copy_${made.length}`, name) }),
    async [Symbol.asyncDispose]() {
      for (const one of made) await execute(hostUrl, `DROP DATABASE IF EXISTS ${one} WITH (FORCE)`)
    },
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A folder of PGlite. The first process that is started with it makes the database. */
export async function createFolderDatabase(): Promise<ServerDatabase> {
  const parent = mkdtempSync(join(tmpdir(), 'fcl-kms-admin-'))
  const folder = join(parent, 'database')
  let copies = 0
  return {
    kind: 'PGlite',
    place: { folder },
    async copy() {
      copies += 1
      const copied = join(parent, `copy-${copies}`)
      cpSync(folder, copied, { recursive: true })
      return { folder: copied }
    },
    [Symbol.asyncDispose]: async () => rmSync(parent, { recursive: true, force: true }),
  }
}
