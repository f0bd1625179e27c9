import type { Audit, AuditEntry } from '../../../../examples/admin-server/src/audit/audit.ts'
import { canonicalJson } from '../../../../examples/admin-server/src/audit/canonical.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { appendAll, disarm, entryOf, openMemory, openTrail, rehash, tampered } from './trail.ts'

let database: Database
let audit: Audit
beforeAll(async () => {
  database = await openMemory()
})
beforeEach(async () => {
  audit = await openTrail(database)
})
afterAll(() => database?.close())

const append = (...entries: readonly AuditEntry[]) => appendAll({ database, audit }, entries)
const entries = (count: number) => Array.from({ length: count }, (_, i) => entryOf(i + 1))

it('starts with a head of zeros that verifies', async () => {
  const head = { sequence: 0, hash: '0'.repeat(64) }
  expect(await audit.head()).toEqual(head)
  expect(await audit.verify()).toEqual({ intact: true, verified: 0, head })
})

it('reads back what was appended, chained and timed by the database', async () => {
  await append(...entries(2))
  const [first, second] = await audit.list({ limit: 10 })
  expect(first).toEqual({
    ...entryOf(1),
    sequence: 1,
    at: expect.any(Number),
    previousHash: '0'.repeat(64),
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(second).toMatchObject({ ...entryOf(2), sequence: 2, previousHash: first?.hash })
  expect(await audit.head()).toEqual({ sequence: 2, hash: second?.hash })
  const [clock] = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now')
  expect(Math.abs((first?.at ?? 0) - (clock?.now.getTime() ?? 0))).toBeLessThan(60_000)
})

it('appends 500 entries by two statements', async () => {
  let statements = 0
  await database.transaction((session) => {
    const counting: typeof session = {
      query: (text, parameters) => {
        statements += 1
        return session.query(text, parameters)
      },
    }
    return audit.append(counting, entries(500))
  })
  expect(statements).toBe(2)
  expect(await audit.verify()).toMatchObject({ intact: true, verified: 500 })
})

it('writes the text that it hashes in canonical form', async () => {
  await append(...entries(3))
  const rows = await database.query<{ body: string }>('SELECT body FROM audit')
  for (const { body } of rows) expect(canonicalJson(JSON.parse(body))).toBe(body)
})

it('does nothing for no entries, not even lock', async () => {
  const never = { query: () => Promise.reject(new Error('asked')) }
  await expect(audit.append(never, [])).resolves.toBeUndefined()
})

it('never goes back in time, whatever the clock of the database says', async () => {
  const future = 4_102_444_800_000
  const ats = await tampered(
    database,
    (session) => session.query('UPDATE audit_head SET at_ms = $1', [future]),
    async (trail, session) => {
      await trail.append(session, entries(1))
      return (await trail.list({ limit: 10 })).map(({ at }) => at)
    },
  )
  expect(ats).toEqual([future])
})

it('leaves no trace of a transaction that was rolled back', async () => {
  await append(entryOf(1))
  const head = await audit.head()
  const failed = database.transaction(async (session) => {
    await audit.append(session, entries(5))
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await audit.head()).toEqual(head)
  await append(entryOf(2))
  expect(await audit.verify()).toMatchObject({ intact: true, verified: 2 })
})

it('does not fork when many append at once, some of whom fail', async () => {
  const attempts = Array.from({ length: 30 }, (_, n) =>
    database.transaction(async (session) => {
      await audit.append(session, entries((n % 4) + 1))
      if (n % 5 === 0) throw new Error('no')
    }),
  )
  const fulfilled = (await Promise.allSettled(attempts)).filter((one) => one.status === 'fulfilled')
  expect(fulfilled).toHaveLength(24)
  const { length } = await audit.list({ limit: 1_000 })
  expect(await audit.verify()).toMatchObject({ intact: true, verified: length })
})

it('verifies what was there when it began, while others append', async () => {
  await append(...entries(500))
  const verifying = audit.verify()
  await append(...entries(10))
  expect(await verifying).toMatchObject({ intact: true, verified: 500 })
})

it('stops a verification by its signal', async () => {
  await append(...entries(1))
  const reason = new Error('enough')
  await expect(audit.verify({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})

it('says that the trail is broken when there is no head', async () => {
  await database.transaction(disarm)
  await database.query('DELETE FROM audit_head')
  const refusal = { code: 'AUDIT_BROKEN' }
  await expect(append(entryOf(1))).rejects.toMatchObject(refusal)
  await expect(audit.head()).rejects.toMatchObject(refusal)
})

describe('refuses', () => {
  beforeEach(() => append(...entries(3)))

  it.each([
    "UPDATE audit SET actor = 'mallory' WHERE sequence = 2",
    'UPDATE audit SET actor = actor WHERE false',
    'DELETE FROM audit WHERE sequence = 3',
    'TRUNCATE audit',
    "UPDATE audit_requests SET request_id = 'rq_other'",
    'DELETE FROM audit_requests',
    'TRUNCATE audit_requests',
    'DELETE FROM audit_head',
    'TRUNCATE audit_head',
    'INSERT INTO audit_head (sequence, at_ms, hash) SELECT sequence, at_ms, hash FROM audit_head',
    'UPDATE audit_head SET sequence = sequence - 1',
    "UPDATE audit_head SET hash = ''",
    'UPDATE audit_head SET sequence = sequence + 1, at_ms = at_ms - 1',
  ])('%s', async (statement) => {
    const refusal = { code: 'DATABASE_REFUSED', facts: { sqlState: 'P0001' } }
    await expect(database.query(statement)).rejects.toMatchObject(refusal)
    expect(await audit.verify()).toMatchObject({ intact: true, verified: 3 })
  })

  it('the same from a session that turns ordinary triggers off', async () => {
    const change = database.transaction(async (session) => {
      await session.query('SET LOCAL session_replication_role = replica')
      await session.query('DELETE FROM audit')
    })
    await expect(change).rejects.toMatchObject({ code: 'DATABASE_REFUSED' })
  })

  const facts = {}
  it.each<[string, object]>([
    ['undefined', { facts: { a: undefined } }],
    ['a fraction', { facts: { a: 0.5 } }],
    ['a number that is not exact', { facts: { a: 2 ** 53 } }],
    ['a Date', { facts: { a: new Date(0) } }],
    ['half a surrogate pair', { facts: { a: '\ud800' } }],
    ['more than 64 KiB', { facts: { a: 'a'.repeat(65_536) } }],
    ['more than 64 KiB of UTF-8', { facts: { a: 'ü'.repeat(33_000) } }],
    [
      'more than 64 KiB of ids',
      { facts, requestIds: Array.from({ length: 20_000 }, (_, n) => `rq_${n}`) },
    ],
    ['an actor that breaks lines', { facts, actor: 'a\nb' }],
    ['an actor without a name', { facts, actor: '' }],
    ['an actor with NUL', { facts, actor: 'a\u0000' }],
    ['a request id without end', { facts, requestIds: ['a'.repeat(201)] }],
  ])('an entry with %s, and all beside it', async (_, members) => {
    // What a mistake in the server would hand over.
    const entry = { ...entryOf(1), ...members } as AuditEntry
    await expect(append(entryOf(4), entry)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(await audit.head()).toMatchObject({ sequence: 3 })
  })
})

describe('lists', () => {
  beforeEach(() => append(...entries(12)))
  const listed = async (query: Omit<Parameters<Audit['list']>[0], 'limit'> & { limit?: number }) =>
    (await audit.list({ limit: 100, ...query })).map(({ sequence }) => sequence)

  it.each<[Parameters<typeof listed>[0], readonly number[]]>([
    [{ limit: 3 }, [1, 2, 3]],
    [{ after: 10 }, [11, 12]],
    [{ limit: 2, newestFirst: true }, [12, 11]],
    [{ after: 3, newestFirst: true }, [2, 1]],
    [{ requestId: 'rq_7' }, [7]],
    [{ requestId: 'rq_shared', after: 8 }, [9, 11, 12]],
    [{ requestId: "' OR true --" }, []],
    [{ kind: 'decision' }, [3, 6, 9, 12]],
    [{ kind: 'decision', actor: 'bob', newestFirst: true }, [9, 3]],
    [{ actor: 'nobody' }, []],
    [{ limit: 0 }, []],
  ])('by %j', async (query, sequences) => {
    expect(await listed(query)).toEqual(sequences)
  })

  it('at most 1,000', async () => {
    await append(...entries(1_000))
    expect(await listed({ limit: 5_000 })).toHaveLength(1_000)
  })

  it('an id once that an entry names twice', async () => {
    await append({ ...entryOf(1), requestIds: ['rq_twice', 'rq_twice'] })
    expect(await audit.list({ limit: 9, requestId: 'rq_twice' })).toMatchObject([
      { sequence: 13, requestIds: ['rq_twice'] },
    ])
  })

  it.each([
    ['none', "'{}'"],
    ['that of another', '(SELECT body FROM audit WHERE sequence = 6)'],
  ])('no record whose text is %s', async (_, body) => {
    const listing = tampered(
      database,
      async (session) => {
        await session.query(`UPDATE audit SET body = ${body} WHERE sequence = 5`)
        await rehash(session, 5)
      },
      (trail) => trail.list({ limit: 100 }),
    )
    await expect(listing).rejects.toMatchObject({ code: 'AUDIT_BROKEN', facts: { sequence: 5 } })
  })
})
