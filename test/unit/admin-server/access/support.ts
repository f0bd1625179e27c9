/** A database in memory with the tables of access, and a clock that tests set. @module */

import { accessTables } from '../../../../examples/admin-server/src/access/tables.ts'
import {
  createToken,
  type TokenOrder,
} from '../../../../examples/admin-server/src/access/tokens.ts'
import {
  type Database,
  openDatabase,
} from '../../../../examples/admin-server/src/database/database.ts'

/** 2026-01-01T00:00:00Z. */
export const START = 1_767_225_600_000
export const DAY = 86_400_000

/** A clock in milliseconds since 1970 that stands still until it is moved. */
export type TestClock = { (): number; advance: (ms: number) => void }

export function testClock(start: number = START): TestClock {
  let now = start
  return Object.assign(() => now, {
    advance: (ms: number) => {
      now += ms
    },
  })
}

export async function openAccess(): Promise<Database> {
  const database = await openDatabase({ folder: 'memory://' })
  await createAccessTables(database)
  return database
}

export async function createAccessTables(database: Database): Promise<void> {
  for (const statement of accessTables.split(/;\n/))
    if (statement.trim() !== '') await database.query(statement)
}

const order: TokenOrder = {
  principal: 'alice@example.com',
  roles: ['requester'],
  description: 'A test',
  days: 30,
  createdBy: 'root',
}

export const makeToken = (database: Database, overrides: Partial<TokenOrder> = {}, now = START) =>
  createToken(database, { ...order, ...overrides }, now)

/** What `toThrow` and `rejects` are given. */
export const refusal = (code: string) => expect.objectContaining({ code })
