/** Who is calling: each way in, each way it is refused, and how it ends. @module */

import {
  type AuthenticatorConfig,
  type Call,
  createAuthenticator,
  requireRole,
} from '../../../../examples/admin-server/src/access/authenticate.ts'
import { credentialsOf } from '../../../../examples/admin-server/src/access/credentials.ts'
import { sessionCookieFor } from '../../../../examples/admin-server/src/access/origin.ts'
import type { Role } from '../../../../examples/admin-server/src/access/principal.ts'
import { signRequest } from '../../../../examples/admin-server/src/access/request-signature.ts'
import {
  revokeToken,
  type TokenOrder,
} from '../../../../examples/admin-server/src/access/tokens.ts'
import type { Database } from '../../../../examples/admin-server/src/database/database.ts'
import type { AdminError } from '../../../../examples/admin-server/src/errors.ts'
import { DAY, makeToken, openAccess, refusal, testClock } from './support.ts'

const ORIGIN = 'https://mint.example.com'
const unauthenticated = refusal('UNAUTHENTICATED')
const csrfRefused = refusal('CSRF_REFUSED')
const nothing = new Uint8Array()

let database: Database
beforeAll(async () => {
  database = await openAccess()
})
afterAll(() => database.close())

const call = (headers: Readonly<Record<string, string>>, rest: Partial<Call> = {}): Call => ({
  ...credentialsOf(Object.entries(headers).flat()),
  method: 'GET',
  target: '/v1/me',
  ...rest,
})
const bearer = (token: string): Call => call({ Authorization: `Bearer ${token}` })

function begin(http: Partial<AuthenticatorConfig['http']> = {}) {
  const clock = testClock()
  const config: AuthenticatorConfig = {
    http: { publicUrl: ORIGIN, requestSignatures: 'approvals', sessionMinutes: 480, ...http },
  }
  return { clock, config, authenticator: createAuthenticator({ database, config, clock }) }
}

async function beginSession(
  order: Partial<TokenOrder> = {},
  http: Partial<AuthenticatorConfig['http']> = {},
) {
  const { clock, authenticator } = begin(http)
  const { id, token } = await makeToken(database, order)
  const { principal, cookie, csrfToken } = await database.transaction((session) =>
    authenticator.signIn(session, call({ Origin: ORIGIN }), token),
  )
  const headers = { Cookie: `__Host-session=${cookie}`, 'X-CSRF-Token': csrfToken, Origin: ORIGIN }
  const withHeaders = (other: Readonly<Record<string, string | undefined>>, method = 'POST') => {
    const kept = Object.entries({ ...headers, ...other }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    )
    return authenticator.authenticate(call(Object.fromEntries(kept), { method }))
  }
  return { clock, authenticator, tokenId: id, token, principal, cookie, csrfToken, withHeaders }
}

describe('a bearer token', () => {
  it('makes a principal with its name, roles, id and end', async () => {
    const { authenticator, clock } = begin()
    const { id, token } = await makeToken(database, { principal: 'bot', roles: ['operator'] })
    expect(await authenticator.authenticate(bearer(token))).toEqual({
      name: 'bot',
      roles: new Set(['operator']),
      via: 'token',
      credentialId: id,
      expiresAt: clock() + 30 * DAY,
    })
  })

  it('is refused when nobody made it', async () => {
    const { authenticator } = begin()
    const unknown = bearer(`fka_${'A'.repeat(43)}`)
    await expect(authenticator.authenticate(unknown)).rejects.toEqual(unauthenticated)
  })

  it('is refused the moment it is revoked, by an instance that has just let it in', async () => {
    const { authenticator } = begin()
    const { id, token } = await makeToken(database)
    const principal = await authenticator.authenticate(bearer(token))
    expect(await authenticator.stillValid(principal)).toBe(true)
    await revokeToken(database, id)
    await expect(authenticator.authenticate(bearer(token))).rejects.toEqual(unauthenticated)
    expect(await authenticator.stillValid(principal)).toBe(false)
  })

  it('is refused once it has expired', async () => {
    const { authenticator, clock } = begin()
    const { token } = await makeToken(database, { days: 1 })
    clock.advance(DAY)
    await expect(authenticator.authenticate(bearer(token))).rejects.toEqual(unauthenticated)
  })

  it('needs no CSRF token and no origin for an unsafe call', async () => {
    const { authenticator } = begin()
    const { token } = await makeToken(database)
    const principal = await authenticator.authenticate({ ...bearer(token), method: 'POST' })
    expect(principal.via).toBe('token')
  })

  it('is refused beside a session cookie, whoever both are of', async () => {
    const { authenticator, token, cookie } = await beginSession()
    const both = call({ Authorization: `Bearer ${token}`, Cookie: `__Host-session=${cookie}` })
    await expect(authenticator.authenticate(both)).rejects.toEqual(unauthenticated)
    const other = call({ Authorization: `Bearer ${token}`, Cookie: 'theme=dark' })
    expect((await authenticator.authenticate(other)).via).toBe('token')
  })

  it('is refused in the place of a cookie, and a cookie in the place of a token', async () => {
    const { authenticator, token, cookie } = await beginSession()
    for (const wrong of [call({ Cookie: `__Host-session=${token}` }), bearer(cookie)])
      await expect(authenticator.authenticate(wrong)).rejects.toEqual(unauthenticated)
  })

  it('is refused as a JWT where no identity provider is configured', async () => {
    const { authenticator } = begin()
    await expect(authenticator.authenticate(bearer('aa.bb.cc'))).rejects.toEqual(unauthenticated)
  })

  it('says the same of unknown, revoked and expired ones, and why to the log only', async () => {
    const { authenticator, clock } = begin()
    const revoked = await makeToken(database, { days: 1 })
    await revokeToken(database, revoked.id)
    const expired = await makeToken(database, { days: 1 })
    clock.advance(DAY)
    const told = await Promise.all(
      [`fka_${'A'.repeat(43)}`, revoked.token, expired.token].map((token) =>
        authenticator.authenticate(bearer(token)).catch((thrown: AdminError) => {
          const { code, message, facts } = thrown
          return JSON.stringify({ code, message, facts })
        }),
      ),
    )
    expect(new Set(told).size).toBe(1)
  })
})

describe('a call without credentials', () => {
  it('is refused, and does not count as a failure', async () => {
    const { authenticator } = begin()
    const thrown: unknown = await authenticator.authenticate(call({})).catch((error) => error)
    expect(thrown).toEqual(unauthenticated)
    expect(thrown).toMatchObject({ facts: { reason: 'no-credentials' } })
  })
})

describe('signing in', () => {
  it('makes a session of the same principal, whose cookie lets in', async () => {
    const { principal, withHeaders } = await beginSession({ principal: 'carol' })
    expect(principal).toMatchObject({ name: 'carol', via: 'session' })
    expect(principal.credentialId).toMatch(/^ss_[0-9a-f]{64}$/)
    expect(await withHeaders({})).toEqual(principal)
  })

  it('makes another session each time', async () => {
    const { authenticator, token, cookie } = await beginSession()
    const second = await authenticator.signIn(database, call({ Origin: ORIGIN }), token)
    expect(second.cookie).not.toBe(cookie)
  })

  it.each([
    ['unknown', `fka_${'A'.repeat(43)}`],
    ['malformed', 'fka_'],
    ['empty', ''],
    ['very long', 'a'.repeat(100_000)],
  ])('is refused with a token that is %s', async (_, token) => {
    const { authenticator } = begin()
    const attempt = authenticator.signIn(database, call({ Origin: ORIGIN }), token)
    await expect(attempt).rejects.toEqual(unauthenticated)
  })

  it('is refused with a revoked or an expired token', async () => {
    const { authenticator, clock } = begin()
    const { id, token } = await makeToken(database)
    await revokeToken(database, id)
    const attempt = (text: string) => authenticator.signIn(database, call({ Origin: ORIGIN }), text)
    await expect(attempt(token)).rejects.toEqual(unauthenticated)
    const expired = await makeToken(database, { days: 1 })
    clock.advance(DAY)
    await expect(attempt(expired.token)).rejects.toEqual(unauthenticated)
  })

  it('is refused from another page, which could sign a victim in as somebody else', async () => {
    const { authenticator } = begin()
    const { token } = await makeToken(database)
    for (const origin of [{}, { Origin: 'https://evil.example' }, { Origin: 'null' }])
      await expect(authenticator.signIn(database, call(origin), token)).rejects.toEqual(csrfRefused)
  })

  it('is undone with the transaction that holds its audit record', async () => {
    const { authenticator } = begin()
    const { token } = await makeToken(database)
    let cookie = ''
    const failed = database.transaction(async (session) => {
      cookie = (await authenticator.signIn(session, call({ Origin: ORIGIN }), token)).cookie
      throw new Error('no audit record')
    })
    await expect(failed).rejects.toThrow('no audit record')
    const later = authenticator.authenticate(call({ Cookie: `__Host-session=${cookie}` }))
    await expect(later).rejects.toEqual(unauthenticated)
  })
})

describe('a session', () => {
  it('reads without a CSRF token', async () => {
    const { withHeaders } = await beginSession()
    const principal = await withHeaders({ 'X-CSRF-Token': undefined, Origin: undefined }, 'GET')
    expect(principal.via).toBe('session')
  })

  it.each(['same-origin', 'none'])('reads when the browser says %s', async (site) => {
    const { withHeaders } = await beginSession()
    expect(await withHeaders({ 'Sec-Fetch-Site': site }, 'GET')).toBeDefined()
  })

  it.each(['cross-site', 'same-site', ''])('does not read when it says %p', async (site) => {
    const { withHeaders } = await beginSession()
    await expect(withHeaders({ 'Sec-Fetch-Site': site }, 'GET')).rejects.toEqual(csrfRefused)
  })

  it.each(['POST', 'DELETE', 'PUT', 'PATCH', 'post', 'QUERY'])(
    'changes nothing by %s without its CSRF token, and does with it',
    async (method) => {
      const { withHeaders } = await beginSession()
      await expect(withHeaders({ 'X-CSRF-Token': undefined }, method)).rejects.toEqual(csrfRefused)
      expect(await withHeaders({}, method)).toBeDefined()
    },
  )

  it('changes nothing with the CSRF token of another session', async () => {
    const { withHeaders } = await beginSession()
    const other = await beginSession()
    await expect(withHeaders({ 'X-CSRF-Token': other.csrfToken })).rejects.toEqual(csrfRefused)
  })

  it('changes nothing with its cookie in the place of the CSRF token, nor with part of it', async () => {
    const { withHeaders, cookie, csrfToken } = await beginSession()
    for (const wrong of [
      cookie,
      csrfToken.slice(0, -1),
      `${csrfToken}A`,
      '',
      csrfToken.toLowerCase(),
    ])
      await expect(withHeaders({ 'X-CSRF-Token': wrong })).rejects.toEqual(csrfRefused)
  })

  it('changes nothing with two CSRF tokens, even right ones', async () => {
    const { authenticator, cookie, csrfToken } = await beginSession()
    const twice: Call = {
      ...call({ Cookie: `__Host-session=${cookie}`, Origin: ORIGIN }, { method: 'POST' }),
      csrf: [csrfToken, csrfToken],
    }
    await expect(authenticator.authenticate(twice)).rejects.toEqual(csrfRefused)
    expect(await authenticator.authenticate({ ...twice, csrf: [csrfToken] })).toBeDefined()
  })

  it.each([
    [undefined],
    ['null'],
    [''],
    ['https://evil.example'],
    ['http://mint.example.com'],
    ['https://mint.example.com:8443'],
    ['https://mint.example.com.evil.example'],
    ['https://mint.example.com/'],
    ['https://sub.mint.example.com'],
    ['https://MINT.example.com'],
    ['https://mint.example.com, https://mint.example.com'],
  ])('changes nothing from the origin %p', async (Origin) => {
    const { withHeaders } = await beginSession()
    await expect(withHeaders({ Origin })).rejects.toEqual(csrfRefused)
  })

  it('changes something without an origin when the browser says it is the same one', async () => {
    const { withHeaders } = await beginSession()
    const site = (value: string) => ({ Origin: undefined, 'Sec-Fetch-Site': value })
    expect(await withHeaders(site('same-origin'))).toBeDefined()
    for (const other of ['none', 'same-site', 'cross-site', 'Same-Origin'])
      await expect(withHeaders(site(other))).rejects.toEqual(csrfRefused)
  })

  it('changes nothing when origin and browser disagree', async () => {
    const { withHeaders } = await beginSession()
    await expect(withHeaders({ 'Sec-Fetch-Site': 'cross-site' })).rejects.toEqual(csrfRefused)
  })

  it('is over the moment its token is revoked', async () => {
    const { withHeaders, tokenId, authenticator, principal } = await beginSession()
    expect(await withHeaders({})).toBeDefined()
    expect(await authenticator.stillValid(principal)).toBe(true)
    await revokeToken(database, tokenId)
    await expect(withHeaders({})).rejects.toEqual(unauthenticated)
    expect(await authenticator.stillValid(principal)).toBe(false)
  })

  it('is over once its token has expired', async () => {
    const { withHeaders, clock } = await beginSession({ days: 1 })
    clock.advance(DAY)
    await expect(withHeaders({})).rejects.toEqual(unauthenticated)
  })

  it('is over after sign-out', async () => {
    const { withHeaders, authenticator, principal } = await beginSession()
    await database.transaction((session) => authenticator.signOut(session, principal))
    await expect(withHeaders({})).rejects.toEqual(unauthenticated)
    expect(await authenticator.stillValid(principal)).toBe(false)
  })

  it('is the only thing that signs out', async () => {
    const { authenticator, token } = await beginSession()
    const principal = await authenticator.authenticate(bearer(token))
    await expect(authenticator.signOut(database, principal)).rejects.toEqual(refusal('FORBIDDEN'))
  })

  it('is refused by the cookie name of a server without TLS', async () => {
    const { authenticator, cookie } = await beginSession()
    const bare = authenticator.authenticate(call({ Cookie: `session=${cookie}` }))
    await expect(bare).rejects.toEqual(unauthenticated)
  })

  it('tells its CSRF token to whoever has the cookie', async () => {
    const { authenticator, cookie, csrfToken } = await beginSession()
    const own = call({ Cookie: `__Host-session=${cookie}` })
    expect(authenticator.csrfTokenOf(own)).toBe(csrfToken)
    expect(authenticator.csrfTokenOf(call({}))).toBeUndefined()
  })
})

describe('the session cookie', () => {
  it('is bound to the host over https', () => {
    expect(sessionCookieFor(ORIGIN)).toEqual({
      name: '__Host-session',
      httpOnly: true,
      secure: true,
      sameSite: 'strict',
      path: '/',
    })
  })

  it('has no such name on loopback without TLS, and is as strict otherwise', () => {
    expect(sessionCookieFor('http://127.0.0.1:8080')).toEqual({
      name: 'session',
      httpOnly: true,
      secure: false,
      sameSite: 'strict',
      path: '/',
    })
  })
})

describe('a signature of the request', () => {
  const body = Buffer.from('{"digest":"00"}')
  const target = '/v1/requests/rq_1/approvals'

  async function beginSigned(requestSignatures: 'off' | 'approvals' | 'changes' = 'approvals') {
    const { authenticator, clock, config } = begin({ requestSignatures })
    const { id, token } = await makeToken(database, { roles: ['approver'] })
    const principal = await authenticator.authenticate(bearer(token))
    const sign = (key = token, nonce?: string): Call => {
      const options = { now: clock(), ...(nonce === undefined ? {} : { nonce }) }
      const headers = signRequest(key, { method: 'POST', target, body }, options)
      return call({ Authorization: `Bearer ${token}`, ...headers }, { method: 'POST', target })
    }
    const plain = { ...bearer(token), method: 'POST', target }
    return { authenticator, clock, config, id, token, principal, sign, plain }
  }
  const refused = refusal('SIGNATURE_REFUSED')
  const required = refusal('SIGNATURE_REQUIRED')

  it.each([
    ['off', 'approval', false],
    ['off', 'change', false],
    ['approvals', 'read', false],
    ['approvals', 'change', false],
    ['approvals', 'approval', true],
    ['changes', 'read', false],
    ['changes', 'change', true],
    ['changes', 'approval', true],
  ] as const)('with %s is needed for %s: %p', async (mode, effect, needed) => {
    const { authenticator, principal, plain, sign } = await beginSigned(mode)
    const bare = authenticator.checkSignature(principal, effect, plain, body)
    await (needed ? expect(bare).rejects.toEqual(required) : expect(bare).resolves.toBeUndefined())
    await expect(authenticator.checkSignature(principal, effect, sign(), body)).resolves.toBe(
      undefined,
    )
  })

  it('is refused when the body is another one', async () => {
    const { authenticator, principal, sign } = await beginSigned()
    const other = Buffer.from('{"digest":"01"}')
    const attempt = authenticator.checkSignature(principal, 'approval', sign(), other)
    await expect(attempt).rejects.toEqual(refused)
  })

  it('is refused when it is of another token, though that is of the same principal', async () => {
    const { authenticator, principal, sign } = await beginSigned()
    const other = await makeToken(database, { roles: ['approver'] })
    const attempt = authenticator.checkSignature(principal, 'approval', sign(other.token), body)
    await expect(attempt).rejects.toEqual(refused)
  })

  it('is checked where none is needed, when one came along', async () => {
    const { authenticator, principal, sign } = await beginSigned('off')
    const attempt = authenticator.checkSignature(principal, 'read', sign(), nothing)
    await expect(attempt).rejects.toEqual(refused)
  })

  it('is refused in parts', async () => {
    const { authenticator, principal, sign } = await beginSigned()
    for (const part of ['timestamp', 'nonce', 'signature'] as const) {
      const attempt = { ...sign(), [part]: [] }
      await expect(
        authenticator.checkSignature(principal, 'approval', attempt, body),
      ).rejects.toEqual(refused)
    }
  })

  it('is refused a second time, also by an instance that started since', async () => {
    const { authenticator, clock, config, principal, sign } = await beginSigned()
    const signed = sign()
    await authenticator.checkSignature(principal, 'approval', signed, body)
    const second = createAuthenticator({ database, config, clock })
    for (const instance of [authenticator, second])
      await expect(instance.checkSignature(principal, 'approval', signed, body)).rejects.toEqual(
        refused,
      )
    await expect(second.checkSignature(principal, 'approval', sign(), body)).resolves.toBe(
      undefined,
    )
  })

  it('is refused a second time until it is too old anyway', async () => {
    const { authenticator, clock, principal, sign } = await beginSigned()
    const signed = sign()
    await authenticator.checkSignature(principal, 'approval', signed, body)
    for (let minute = 0; minute < 20; minute += 1) {
      clock.advance(60_000)
      await authenticator.checkSignature(principal, 'approval', sign(), body) // prunes
      await expect(
        authenticator.checkSignature(principal, 'approval', signed, body),
      ).rejects.toEqual(refused)
    }
  })

  it('does not use its nonce up when it is wrong', async () => {
    const { authenticator, principal, sign } = await beginSigned()
    const signed = sign(undefined, 'nonce-of-16-char')
    const other = Buffer.from('{}')
    await expect(
      authenticator.checkSignature(principal, 'approval', signed, other),
    ).rejects.toEqual(refused)
    await expect(authenticator.checkSignature(principal, 'approval', signed, body)).resolves.toBe(
      undefined,
    )
  })

  it('is refused when the token was revoked since the call was let in', async () => {
    const { authenticator, id, principal, sign } = await beginSigned()
    await revokeToken(database, id)
    const attempt = authenticator.checkSignature(principal, 'approval', sign(), body)
    await expect(attempt).rejects.toEqual(unauthenticated)
  })

  describe('of a session', () => {
    const signedBy = (key: string, clock: () => number): Call =>
      call(
        { ...signRequest(key, { method: 'POST', target, body }, { now: clock() }) },
        { method: 'POST', target },
      )

    it.each(['approval', 'change'] as const)(
      'is needed as of any other call: for %s',
      async (effect) => {
        const { authenticator, token, clock } = await beginSession(
          {},
          { requestSignatures: 'changes' },
        )
        const { principal } = await authenticator.signIn(database, call({ Origin: ORIGIN }), token)
        const plain = call({}, { method: 'POST', target })
        const bare = authenticator.checkSignature(principal, effect, plain, body)
        await expect(bare).rejects.toEqual(required)
        const signed = signedBy(token, clock)
        await authenticator.checkSignature(principal, effect, signed, body)
        const again = authenticator.checkSignature(principal, effect, signed, body)
        await expect(again).rejects.toEqual(refused)
      },
    )

    it('is not needed where none is asked for', async () => {
      const { authenticator, principal } = await beginSession({}, { requestSignatures: 'off' })
      const plain = call({}, { method: 'POST', target })
      await authenticator.checkSignature(principal, 'approval', plain, body)
    })

    it('is that of its own token, and of no other of the same principal', async () => {
      const { authenticator, principal, clock } = await beginSession()
      const other = await makeToken(database)
      const attempt = signedBy(other.token, clock)
      await expect(
        authenticator.checkSignature(principal, 'approval', attempt, body),
      ).rejects.toEqual(refused)
    })

    it('is refused once the session is over', async () => {
      const { authenticator, principal, token, clock } = await beginSession()
      await authenticator.signOut(database, principal)
      const attempt = signedBy(token, clock)
      await expect(
        authenticator.checkSignature(principal, 'approval', attempt, body),
      ).rejects.toEqual(unauthenticated)
    })
  })
})

describe('requireRole', () => {
  const principal = (...roles: readonly Role[]) => ({ roles: new Set(roles) })

  it('lets in who has one of the roles', () => {
    expect(() => requireRole(principal('auditor', 'approver'), 'operator', 'auditor')).not.toThrow()
  })

  it('refuses who has others, and names those that are asked for', () => {
    const allowed: readonly Role[] = ['operator', 'auditor']
    const attempt = () => requireRole(principal('requester'), ...allowed)
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN', facts: { roles: allowed } }),
    )
  })

  it('refuses everybody when no role is named', () => {
    expect(() => requireRole(principal('operator'))).toThrow(refusal('FORBIDDEN'))
  })
})
