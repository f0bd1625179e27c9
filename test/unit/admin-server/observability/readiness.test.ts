import {
  type Database,
  openDatabase,
} from '../../../../examples/admin-server/src/database/database.ts'
import { checkReadiness } from '../../../../examples/admin-server/src/observability/readiness.ts'

let database: Database
beforeAll(async () => {
  database = await openDatabase({ folder: 'memory://' })
})
afterAll(() => database.close())

const check = (code?: string, held = false) => {
  const working = {
    accountKeys: { read: async () => [] },
    relay: { stats: async () => (code === undefined ? {} : { held: { code, reason: '' } }) },
    rotating: { current: () => ({ open: undefined, held }) },
    closing: new AbortController().signal,
  }
  // Of the keys and the relay no more is asked.
  return checkReadiness({ database, ...(working as unknown as Omit<Parts, 'database'>) })()
}
type Parts = Parameters<typeof checkReadiness>[0]

describe('readiness', () => {
  it('is that of a database that can write', async () => {
    expect(await check()).toMatchObject({ status: 'ready', checks: { database: 'ok' } })
  })

  it.each([
    ['ready', 'ok', undefined, false],
    ['ready', 'paused', 'PAUSED', false],
    ['not-ready', 'key_revoked', 'KEY_REVOKED', false],
    ['ready', 'rotating', undefined, true],
    ['ready', 'rotating', 'KEY_REVOKED', true],
    ['ready', 'paused', 'PAUSED', true],
    ['not-ready', 'kms_access_denied', 'KMS_ACCESS_DENIED', true],
  ])('is %s with %s for a hold %s while a rotation holds the keys: %s', async (...row) => {
    const [status, relay, code, held] = row
    expect(await check(code, held)).toMatchObject({ status, checks: { relay } })
  })

  it.each([
    ['has no room for a file', 'temp_file_limit', '64kB', 'disk-full'],
    ['takes no writes', 'default_transaction_read_only', 'on', 'read-only'],
  ])('is not that of one that %s, though it reads', async (_, setting, value, told) => {
    await database.query(`SET ${setting} = '${value}'`)
    try {
      expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
      expect(await check()).toMatchObject({ status: 'not-ready', checks: { database: told } })
    } finally {
      await database.query(`RESET ${setting}`)
    }
    expect(await check()).toMatchObject({ status: 'ready' })
  })
})
