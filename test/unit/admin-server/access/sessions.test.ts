/** Sessions end in time, with their token, and by sign-out; only hashes of cookies are kept. @module */

import {
  createSessionReader,
  csrfTokenOf,
  endSession,
  IDLE_MS,
  startSession,
} from '../../../../examples/admin-server/src/access/sessions.ts'
import { createTokenReader } from '../../../../examples/admin-server/src/access/token-reader.ts'
import { revokeToken } from '../../../../examples/admin-server/src/access/tokens.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { DAY, makeToken, openAccess, testClock } from './support.ts'

const MINUTE = 60_000

let database: Database
beforeAll(async () => {
  database = await openAccess()
})
afterAll(() => database.close())

async function begin(minutes = 480, days = 30) {
  const clock = testClock()
  const { id, token } = await makeToken(database, { days, roles: ['approver'] })
  const live = await createTokenReader(database, clock).byToken(token)
  if (live === undefined) throw new Error('the token is not there')
  const session = await startSession(database, live, minutes, clock())
  return { clock, tokenId: id, session, reader: createSessionReader(database, clock) }
}

describe('a session', () => {
  it('is found by its cookie, with the principal and roles of its token', async () => {
    const { session, reader, clock } = await begin()
    expect(session.cookie).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await reader.byCookie(session.cookie)).toEqual({
      idHash: session.idHash,
      tokenId: session.tokenId,
      principal: 'alice@example.com',
      roles: ['approver'],
      expiresAt: clock() + 480 * MINUTE,
    })
  })

  it('is not found by another cookie, nor by the hash in its place', async () => {
    const { session, reader } = await begin()
    expect(await reader.byCookie('A'.repeat(43))).toBeUndefined()
    expect(await reader.byCookie(session.idHash)).toBeUndefined()
  })

  it('leaves neither cookie nor CSRF token in the database', async () => {
    const { session } = await begin()
    const rows = await database.query<{ text: string }>(
      'SELECT row_to_json(sessions)::text AS text FROM sessions',
    )
    const text = rows.map((row) => row.text).join('\n')
    expect(text).toContain(session.idHash)
    expect(text).not.toContain(session.cookie)
    expect(text).not.toContain(csrfTokenOf(session.cookie))
  })

  it('ends after its minutes however busy it is', async () => {
    const { session, reader, clock } = await begin(90)
    for (let minute = 0; minute < 80; minute += 20) {
      clock.advance(20 * MINUTE)
      expect(await reader.byCookie(session.cookie)).toBeDefined()
    }
    clock.advance(10 * MINUTE - 1)
    expect(await reader.byCookie(session.cookie)).toBeDefined()
    clock.advance(1)
    expect(await reader.byCookie(session.cookie)).toBeUndefined()
  })

  it('ends when it was idle', async () => {
    const { session, reader, clock } = await begin()
    clock.advance(IDLE_MS - 1)
    expect(await reader.byIdHash(session.idHash)).toBeDefined()
    clock.advance(1)
    expect(await reader.byCookie(session.cookie)).toBeUndefined()
  })

  it('is kept by calls, not by looks that are no activity', async () => {
    const { session, reader, clock } = await begin()
    clock.advance(IDLE_MS - MINUTE)
    await reader.byCookie(session.cookie)
    clock.advance(IDLE_MS - MINUTE)
    expect(await reader.byIdHash(session.idHash)).toBeDefined()
    clock.advance(MINUTE)
    expect(await reader.byIdHash(session.idHash)).toBeUndefined()
  })

  it('ends with its token when that expires first', async () => {
    const { session, reader, clock } = await begin(3 * 24 * 60, 1)
    expect(session.expiresAt).toBe(clock() + DAY)
    for (let hours = 0; hours < 23.5; hours += 0.25) {
      clock.advance(15 * MINUTE)
      await reader.byCookie(session.cookie)
    }
    expect(await reader.byCookie(session.cookie)).toBeDefined()
    clock.advance(DAY / 48)
    expect(await reader.byCookie(session.cookie)).toBeUndefined()
  })

  it('ends at once when its token is revoked', async () => {
    const { session, reader, clock, tokenId } = await begin()
    await revokeToken(database, tokenId, clock())
    expect(await reader.byCookie(session.cookie)).toBeUndefined()
    expect(await reader.byIdHash(session.idHash)).toBeUndefined()
  })

  it('is marked as ended when its token is revoked, so that no later change brings it back', async () => {
    const { session, clock, tokenId } = await begin()
    clock.advance(MINUTE)
    await revokeToken(database, tokenId, clock())
    const [row] = await database.query<{ ended_at: Date | null }>(
      'SELECT ended_at FROM sessions WHERE id_hash = $1',
      [session.idHash],
    )
    expect(row?.ended_at?.getTime()).toBe(clock())
  })

  it('ends with its token when that was given less time since', async () => {
    const { session, reader, clock, tokenId } = await begin()
    const sooner = new Date(clock() + MINUTE)
    await database.query('UPDATE tokens SET expires_at = $2 WHERE id = $1', [tokenId, sooner])
    expect(await reader.byCookie(session.cookie)).toBeDefined()
    clock.advance(MINUTE)
    expect(await reader.byCookie(session.cookie)).toBeUndefined()
  })

  it('is over although it began while its token was being revoked', async () => {
    const { reader, clock } = await begin()
    const { id, token } = await makeToken(database)
    const live = await createTokenReader(database, clock).byToken(token)
    if (live === undefined) throw new Error('the token is not there')
    await revokeToken(database, id, clock())
    const late = await startSession(database, live, 480, clock())
    expect(await reader.byCookie(late.cookie)).toBeUndefined()
  })

  it('ends by sign-out, once, and leaves others alone', async () => {
    const { session, reader, clock } = await begin()
    const other = await begin()
    expect(await endSession(database, session.idHash, clock())).toBe(true)
    expect(await endSession(database, session.idHash, clock())).toBe(false)
    expect(await reader.byCookie(session.cookie)).toBeUndefined()
    expect(await reader.byCookie(other.session.cookie)).toBeDefined()
  })

  it('has the roles its token has now', async () => {
    const { session, reader, tokenId } = await begin()
    await database.query(`UPDATE tokens SET roles = ARRAY['auditor'] WHERE id = $1`, [tokenId])
    expect((await reader.byCookie(session.cookie))?.roles).toEqual(['auditor'])
  })

  it('is removed a day after it ended', async () => {
    const { session, clock } = await begin(1)
    const { id, token } = await makeToken(database)
    const live = await createTokenReader(database, clock).byToken(token)
    if (live === undefined) throw new Error(`the token ${id} is not there`)
    const count = async () =>
      (await database.query('SELECT 1 FROM sessions WHERE id_hash = $1', [session.idHash])).length
    await startSession(database, live, 1, clock() + DAY)
    expect(await count()).toBe(1)
    await startSession(database, live, 1, clock() + DAY + 2 * MINUTE)
    expect(await count()).toBe(0)
  })
})

describe('csrfTokenOf', () => {
  it('differs from session to session and is no part of the cookie', async () => {
    const [first, second] = [(await begin()).session.cookie, (await begin()).session.cookie]
    expect(csrfTokenOf(first)).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(csrfTokenOf(first)).not.toBe(csrfTokenOf(second))
    expect(csrfTokenOf(first)).not.toBe(first)
  })
})
