import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../../examples/admin-server/src/database/database.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fcl-kms-database-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('a folder', () => {
  it('is for one process at a time, and free again when that one closes it', async () => {
    const place = { folder: join(folder, 'data') }
    const first = await openDatabase(place)
    await first.query('CREATE TABLE kept (value bigint)')
    await first.query('INSERT INTO kept VALUES (9007199254740991)')
    await expect(openDatabase(place)).rejects.toMatchObject({ code: 'DATABASE_IN_USE' })
    await first.close()
    const second = await openDatabase(place)
    expect(await second.query('SELECT value FROM kept')).toEqual([{ value: 2 ** 53 - 1 }])
    await second.close()
  })
})

describe('a statement', () => {
  it('that a constraint refuses is told apart from a database that fails', async () => {
    const database = await openDatabase({ folder: 'memory://' })
    await database.query('CREATE TABLE one (id integer PRIMARY KEY)')
    await database.query('INSERT INTO one VALUES (1)')
    const refused = database.query('INSERT INTO one VALUES (1)')
    await expect(refused).rejects.toMatchObject({ code: 'DATABASE_REFUSED', status: 409 })
    const failed = database.query('SELECT nothing FROM nowhere')
    await expect(failed).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 })
    const secret = await database.query('SELECT $1::integer', ['hunter2']).catch((thrown) => thrown)
    expect(JSON.stringify(secret)).not.toContain('hunter2')
    expect(secret.message).not.toContain('hunter2')
    await database.close()
  })

  it('takes part in a transaction that is undone as a whole', async () => {
    const database = await openDatabase({ folder: 'memory://' })
    await database.query('CREATE TABLE one (id integer PRIMARY KEY)')
    const undone = database.transaction(async (session) => {
      await session.query('INSERT INTO one VALUES (1)')
      throw new Error('no')
    })
    await expect(undone).rejects.toThrow('no')
    expect(await database.query('SELECT * FROM one')).toEqual([])
    await database.close()
  })
})
