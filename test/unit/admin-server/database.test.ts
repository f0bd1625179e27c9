import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
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

/** Messages as PostgreSQL sends them: a letter, the length of the rest, and its body. */
const message = (letter: string, body: Buffer = Buffer.alloc(0)) => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(letter), length, body])
}
const ready = message('Z', Buffer.from('I'))
const opened = Buffer.concat([message('R', Buffer.alloc(4)), ready])
const answered = Buffer.concat([message('C', Buffer.from('DO\0')), ready])
const ended = message('E', Buffer.from('SFATAL\0C57P01\0Mgone\0\0'))

it('a connection that ends in the turn in which it is lent is the error of its statement', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    const isFirst = connections === 1
    socket.on('error', () => undefined)
    socket.once('data', () => {
      if (!isFirst) return socket.end(Buffer.concat([opened, ended]))
      socket.write(opened)
      // The schema is made on it; then it is gone as well.
      return socket.once('data', () => socket.end(Buffer.concat([answered, ended])))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const database = await openDatabase({ url: `postgres://u@127.0.0.1:${port}/d?sslmode=disable` })
  const work = () => database.transaction((session) => session.query('SELECT 1'))
  for (let time = 0; time < 3; time += 1)
    await expect(work()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
  expect(connections).toBeGreaterThan(1)
  await database.close()
  server.close()
  await once(server, 'close')
})
