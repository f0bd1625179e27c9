/** Tokens: shown once, kept as a hash, over at once when they are revoked. @module */

import {
  createTokenReader,
  type LiveToken,
} from '../../../../examples/admin-server/src/access/token-reader.ts'
import {
  createToken,
  isTokenShape,
  listTokens,
  revokeToken,
  type TokenOrder,
} from '../../../../examples/admin-server/src/access/tokens.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import { DAY, makeToken, openAccess, refusal, START, testClock } from './support.ts'

let database: Database
beforeAll(async () => {
  database = await openAccess()
})
afterAll(() => database.close())

describe('createToken', () => {
  it('makes an id and a token of 32 random bytes that end after the days', async () => {
    const { id, token, expiresAt } = await makeToken(database, { days: 7 })
    expect(id).toMatch(/^tk_[0-9a-f]{32}$/)
    expect(token).toMatch(/^fka_[A-Za-z0-9_-]{43}$/)
    expect(isTokenShape(token)).toBe(true)
    expect(expiresAt).toBe(START + 7 * DAY)
  })

  it('never makes the same token or id twice', async () => {
    const made = await Promise.all(Array.from({ length: 50 }, () => makeToken(database)))
    expect(new Set(made.map(({ token }) => token)).size).toBe(50)
    expect(new Set(made.map(({ id }) => id)).size).toBe(50)
  })

  it('leaves neither the token nor its bytes in the database', async () => {
    const { id, token } = await makeToken(database)
    const [row] = await database.query<{ text: string }>(
      'SELECT row_to_json(tokens)::text AS text FROM tokens WHERE id = $1',
      [id],
    )
    const secret = token.slice(4)
    expect(row?.text).toContain(id)
    expect(row?.text).not.toContain(secret)
    expect(row?.text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'))
    expect(row?.text).not.toContain(Buffer.from(token).toString('hex'))
  })

  const wrong: readonly [why: string, field: string, order: Partial<TokenOrder>][] = [
    ['an empty principal', 'principal', { principal: '' }],
    ['a principal of 129 characters', 'principal', { principal: 'a'.repeat(129) }],
    ['a principal with a space', 'principal', { principal: 'a b' }],
    ['a principal with a line break', 'principal', { principal: 'a\n' }],
    ['a Cyrillic look-alike', 'principal', { principal: 'аlice' }],
    ['the name of the server itself', 'principal', { principal: 'server' }],
    ['no role', 'roles', { roles: [] }],
    ['a role twice', 'roles', { roles: ['auditor', 'auditor'] }],
    // The type forbids it; a command line can still say it.
    ['an unknown role', 'roles', { roles: ['admin' as 'auditor'] }],
    ['an empty description', 'description', { description: '' }],
    ['a description with a control character', 'description', { description: 'a\u001b[31m' }],
    ['a description that turns the direction', 'description', { description: 'a\u202eb' }],
    ['a lone surrogate', 'description', { description: '\ud800' }],
    ['a description of 201 characters', 'description', { description: 'a'.repeat(201) }],
    ['no day', 'days', { days: 0 }],
    ['367 days', 'days', { days: 367 }],
    ['half a day', 'days', { days: 0.5 }],
    ['days that are no number', 'days', { days: Number.NaN }],
    ['nobody as its maker', 'createdBy', { createdBy: '' }],
  ]
  it.each(wrong)('refuses %s', async (_, field, order) => {
    await expect(makeToken(database, order)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      facts: { errors: [{ field }] },
    })
  })

  it('names all mistakes at once', async () => {
    await expect(makeToken(database, { principal: '', days: 0 })).rejects.toMatchObject({
      facts: { errors: [{ field: 'principal' }, { field: 'days' }] },
    })
  })

  it('is undone with the transaction that holds its audit record', async () => {
    const before = await listTokens(database)
    const order = { roles: ['auditor'], description: 'x', days: 1, createdBy: 'root' } as const
    await expect(
      database.transaction(async (session) => {
        await createToken(session, { principal: 'undone', ...order })
        throw new Error('no audit record')
      }),
    ).rejects.toThrow('no audit record')
    expect(await listTokens(database)).toHaveLength(before.length)
  })
})

describe('listTokens', () => {
  it('tells everything of a token but its secrets', async () => {
    const { id } = await makeToken(database, { principal: 'listed', roles: ['operator'] })
    const listed = (await listTokens(database)).find((token) => token.id === id)
    expect(listed).toEqual({
      id,
      principal: 'listed',
      roles: ['operator'],
      description: 'A test',
      createdAt: START,
      createdBy: 'root',
      expiresAt: START + 30 * DAY,
      revokedAt: null,
      lastUsedOn: null,
    })
  })

  it('has the newest first', async () => {
    const { id } = await makeToken(database, {}, START + DAY)
    expect((await listTokens(database))[0]?.id).toBe(id)
  })
})

describe('a token reader', () => {
  it('finds a token by itself and by its id', async () => {
    const reader = createTokenReader(database, testClock())
    const { id, token, expiresAt } = await makeToken(database, { principal: 'found' })
    const found: Partial<LiveToken> = { id, principal: 'found', roles: ['requester'], expiresAt }
    expect(await reader.byToken(token)).toMatchObject(found)
    expect(await reader.byId(id)).toMatchObject(found)
  })

  it('does not find a token with one bit flipped', async () => {
    const reader = createTokenReader(database, testClock())
    const { token } = await makeToken(database)
    const bytes = Buffer.from(token.slice(4), 'base64url')
    bytes[0] = (bytes[0] ?? 0) ^ 1
    expect(await reader.byToken(`fka_${bytes.toString('base64url')}`)).toBeUndefined()
  })

  it('finds it until its last millisecond, and not at the next', async () => {
    const clock = testClock()
    const reader = createTokenReader(database, clock)
    const { token, id } = await makeToken(database, { days: 1 })
    clock.advance(DAY - 1)
    expect(await reader.byToken(token)).toBeDefined()
    clock.advance(1)
    expect(await reader.byToken(token)).toBeUndefined()
    expect(await reader.byId(id)).toBeUndefined()
  })

  it('no longer finds a revoked token at the very next lookup', async () => {
    const reader = createTokenReader(database, testClock())
    const { token, id } = await makeToken(database)
    expect(await reader.byToken(token)).toBeDefined()
    expect(await revokeToken(database, id, START)).toBe(true)
    expect(await reader.byToken(token)).toBeUndefined()
    expect(await reader.byId(id)).toBeUndefined()
  })

  it('answers each of many concurrent lookups with its own token, in a few statements', async () => {
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, index) => makeToken(database, { principal: `many-${index}` })),
    )
    let statements = 0
    const counted: Pick<Database, 'query'> = {
      query: (text, parameters) => {
        if (text.startsWith('SELECT')) statements += 1
        return database.query(text, parameters)
      },
    }
    const reader = createTokenReader(counted, testClock())
    const unknown = `fka_${'A'.repeat(43)}`
    const asked = [...made.map(({ token }) => token), unknown, ...made.map(({ token }) => token)]
    const answers = await Promise.all(asked.map((token) => reader.byToken(token)))
    const ids = made.map(({ id }) => id)
    expect(answers.map((token) => token?.id)).toEqual([...ids, undefined, ...ids])
    expect(statements).toBe(1)
  })

  it('looks up only what has the form of a token', async () => {
    const silent: Pick<Database, 'query'> = {
      query: () => Promise.reject(new Error('it was looked up')),
    }
    const reader = createTokenReader(silent, testClock())
    expect(await reader.byToken(`fka_${'A'.repeat(42)}`)).toBeUndefined()
    await expect(reader.byToken(`fka_${'A'.repeat(43)}`)).rejects.toThrow('it was looked up')
  })

  it('notes the day of the last use', async () => {
    const clock = testClock()
    const reader = createTokenReader(database, clock)
    const { token, id } = await makeToken(database)
    const lastUse = async () =>
      (await listTokens(database)).find((record) => record.id === id)?.lastUsedOn
    await reader.byToken(token)
    expect(await lastUse()).toBe('2026-01-01')
    clock.advance(DAY)
    await reader.byToken(token)
    expect(await lastUse()).toBe('2026-01-02')
  })

  it('lets a token in although its use cannot be noted', async () => {
    const { token } = await makeToken(database)
    const readOnly: Pick<Database, 'query'> = {
      query: (text, parameters) =>
        text.startsWith('UPDATE')
          ? Promise.reject(new Error('read-only'))
          : database.query(text, parameters),
    }
    expect(await createTokenReader(readOnly, testClock()).byToken(token)).toBeDefined()
  })
})

describe('isTokenShape', () => {
  const right = `fka_${'A'.repeat(43)}`
  it('knows a token', () => {
    expect(isTokenShape(right)).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['a prefix alone', 'fka_'],
    ['one character less', right.slice(0, -1)],
    ['one character more', `${right}A`],
    ['another prefix', right.replace('fka', 'fkb')],
    ['an upper-case prefix', right.replace('fka', 'FKA')],
    ['a line break at its end', `${right}\n`],
    ['a space before', ` ${right}`],
    ['base64 that is not base64url', `fka_${'+'.repeat(42)}A`],
    ['padding', `fka_${'A'.repeat(42)}=`],
    ['a last character with bits of a 33rd byte', `fka_${'A'.repeat(42)}B`],
    ['a NUL', `fka_${'A'.repeat(42)}\0`],
  ])('refuses %s', (_, text) => {
    expect(isTokenShape(text)).toBe(false)
  })
})

describe('revokeToken', () => {
  it('tells when it was revoked before, and keeps the first time', async () => {
    const { id } = await makeToken(database)
    expect(await revokeToken(database, id, START + 1)).toBe(true)
    expect(await revokeToken(database, id, START + 2)).toBe(false)
    const listed = (await listTokens(database)).find((token) => token.id === id)
    expect(listed?.revokedAt).toBe(START + 1)
  })

  it('refuses an id that is not known', async () => {
    await expect(revokeToken(database, 'tk_0')).rejects.toEqual(refusal('NOT_FOUND'))
  })

  it('leaves other tokens alone', async () => {
    const reader = createTokenReader(database, testClock())
    const first = await makeToken(database, { principal: 'same' })
    const second = await makeToken(database, { principal: 'same' })
    await revokeToken(database, first.id, START)
    expect(await reader.byToken(second.token)).toBeDefined()
  })
})

describe('the table of tokens', () => {
  it('refuses a role that is none', async () => {
    const { id } = await makeToken(database)
    await expect(
      database.query(`UPDATE tokens SET roles = ARRAY['root'] WHERE id = $1`, [id]),
    ).rejects.toEqual(refusal('DATABASE_REFUSED'))
  })

  it('refuses a token where its hash belongs', async () => {
    const { id, token } = await makeToken(database)
    await expect(
      database.query('UPDATE tokens SET token_hash = $2 WHERE id = $1', [id, token]),
    ).rejects.toEqual(refusal('DATABASE_REFUSED'))
  })
})
