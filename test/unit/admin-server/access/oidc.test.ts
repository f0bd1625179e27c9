/** JWTs: those of the provider are let in, and each known way of forging one is refused. @module */

import { exportSPKI, SignJWT, UnsecuredJWT } from 'jose'
import { createAuthenticator } from '../../../../examples/admin-server/src/access/authenticate.ts'
import { credentialsOf } from '../../../../examples/admin-server/src/access/credentials.ts'
import { createKeySet } from '../../../../examples/admin-server/src/access/key-set.ts'
import { createJwtReader } from '../../../../examples/admin-server/src/access/oidc.ts'
import { type IdentityProvider, makeKey, startIdentityProvider } from './identity-provider.ts'
import { refusal, START, testClock } from './support.ts'

const AUDIENCE = 'fcl-kms-admin'
const NOW = START / 1_000
const unauthenticated = refusal('UNAUTHENTICATED')

type Key = Awaited<ReturnType<typeof makeKey>>
type Claims = Readonly<Record<string, unknown>>

let rsa: Key
let provider: IdentityProvider
beforeAll(async () => {
  rsa = await makeKey('RS256', 'rsa-1')
  provider = await startIdentityProvider([rsa.jwk])
})
afterAll(() => provider[Symbol.asyncDispose]())

const oidc = (from: IdentityProvider = provider) => ({
  issuer: from.issuer,
  audience: AUDIENCE,
  jwksUrl: from.jwksUrl,
  rolesClaim: 'groups',
  roles: { minters: 'requester', signers: 'approver' } as const,
})
const reader = (overrides: Partial<ReturnType<typeof oidc>> = {}) =>
  createJwtReader({ ...oidc(), ...overrides }, testClock())

const claimsOf = (overrides: Claims = {}): Claims => ({
  iss: provider.issuer,
  aud: AUDIENCE,
  sub: 'user-1',
  iat: NOW - 10,
  exp: NOW + 3_600,
  groups: ['minters'],
  ...overrides,
})

/** A claim that is `undefined` is left out. */
const sign = (claims: Claims, header: Claims = {}, key: Key = rsa) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1', typ: 'JWT', ...header })
    .sign(key.privateKey)

describe('a JWT of the provider', () => {
  it('makes a principal of its issuer and subject, with roles by its claim', async () => {
    const principal = await reader()(await sign(claimsOf({ groups: ['signers', 'x', 'minters'] })))
    expect(principal).toMatchObject({
      name: `${new URL(provider.issuer).host}|user-1`,
      roles: new Set(['requester', 'approver']),
      via: 'oidc',
      expiresAt: (NOW + 3_600) * 1_000,
    })
    expect(principal.credentialId).toMatch(/^jwt_[0-9a-f]{32}$/)
  })

  it.each(['JWT', 'jwt', 'at+jwt', 'application/at+jwt'])('is let in as %s', async (typ) => {
    expect(await reader()(await sign(claimsOf(), { typ }))).toBeDefined()
  })

  it.each(['PS256', 'ES256', 'EdDSA'])('is let in when it is signed with %s', async (alg) => {
    const key = await makeKey(alg, 'other')
    await using own = await startIdentityProvider([key.jwk])
    const jwt = await sign(claimsOf({ iss: own.issuer }), { alg, kid: 'other' }, key)
    const read = createJwtReader(oidc(own), testClock())
    expect(await read(jwt)).toMatchObject({ via: 'oidc' })
  })

  it('is let in with its audience among others', async () => {
    expect(await reader()(await sign(claimsOf({ aud: ['other', AUDIENCE] })))).toBeDefined()
  })

  it('is let in by the authenticator, which then needs no database', async () => {
    const database = {
      query: () => Promise.reject(new Error('the database was asked')),
      transaction: () => Promise.reject(new Error('the database was asked')),
      connections: 1,
      forRelay: undefined as never, // is not read
      close: async () => undefined,
    }
    const http = {
      publicUrl: 'https://mint.example.com',
      requestSignatures: 'approvals',
      sessionMinutes: 1,
    } as const
    const clock = testClock()
    const config = { http, oidc: oidc() }
    const authenticator = createAuthenticator({ database, config, clock })
    const jwt = await sign(claimsOf())
    const headers = credentialsOf(['Authorization', `Bearer ${jwt}`])
    const call = { ...headers, method: 'POST', target: '/' }
    const principal = await authenticator.authenticate(call)
    expect(principal.via).toBe('oidc')

    expect(await authenticator.stillValid(principal)).toBe(true)
    const approval = authenticator.checkSignature(principal, 'approval', call, new Uint8Array())
    await expect(approval).rejects.toEqual(refusal('SIGNATURE_REQUIRED'))
    const signed = { ...call, timestamp: [String(NOW)], nonce: ['n'.repeat(16)], signature: [''] }
    await expect(
      authenticator.checkSignature(principal, 'approval', signed, new Uint8Array()),
    ).rejects.toEqual(refusal('SIGNATURE_REFUSED'))
    clock.advance(3_600_000)
    expect(await authenticator.stillValid(principal)).toBe(false)
  })
})

describe('a JWT is refused', () => {
  const wrongClaims: readonly [why: string, claims: () => Claims][] = [
    ['of another issuer', () => ({ iss: 'https://evil.example' })],
    ['of an issuer with a slash more', () => ({ iss: `${provider.issuer}/` })],
    ['without an issuer', () => ({ iss: undefined })],
    ['for another audience', () => ({ aud: 'other' })],
    ['for an audience that begins alike', () => ({ aud: `${AUDIENCE}-2` })],
    ['without an audience', () => ({ aud: undefined })],
    ['that has expired', () => ({ exp: NOW - 31 })],
    ['that never expires', () => ({ exp: undefined })],
    ['whose end is a text', () => ({ exp: String(NOW + 3_600) })],
    ['that is not valid yet', () => ({ nbf: NOW + 31 })],
    ['that was issued in the future', () => ({ iat: NOW + 31 })],
    ['without a time of issue', () => ({ iat: undefined })],
    ['that is older than 12 hours', () => ({ iat: NOW - 43_231 })],
    ['without a subject', () => ({ sub: undefined })],
    ['with an empty subject', () => ({ sub: '' })],
    ['with a number as its subject', () => ({ sub: 7 })],
    ['with a list as its subject', () => ({ sub: ['user-1'] })],
    ['with a space in its subject', () => ({ sub: 'user 1' })],
    ['with a line break in its subject', () => ({ sub: 'user-1\n{"role":"operator"}' })],
    ['with a NUL in its subject', () => ({ sub: 'user-1\0' })],
    ['with markup in its subject', () => ({ sub: '<script>' })],
    ['with a look-alike in its subject', () => ({ sub: 'usеr-1' })],
    ['with a subject of 200 characters', () => ({ sub: 'a'.repeat(200) })],
  ]
  it.each(wrongClaims)('%s', async (_, claims) => {
    const jwt = await sign(claimsOf(claims()))
    await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
  })

  it.each([
    ['exp', { exp: NOW - 29 }],
    ['nbf', { nbf: NOW + 29 }],
    ['iat', { iat: NOW + 29 }],
  ])('only when %s is off by more than clocks are', async (_, claims) => {
    expect(await reader()(await sign(claimsOf(claims)))).toBeDefined()
  })

  it('with the algorithm none', async () => {
    const unsigned = new UnsecuredJWT(claimsOf()).encode()
    await expect(reader()(unsigned)).rejects.toEqual(unauthenticated)
    await expect(reader()(`${unsigned}AA`)).rejects.toEqual(unauthenticated)
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = { alg, typ: 'JWT', kid: 'rsa-1' }
      const [, payload, signature] = (await sign(claimsOf())).split('.')
      const jwt = `${encode(header)}.${payload}.${signature}`
      await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
    }
  })

  it('with HS256 and the public key as its secret', async () => {
    const pem = await exportSPKI(rsa.publicKey)
    for (const secret of [pem, pem.trim(), JSON.stringify(rsa.jwk), String(rsa.jwk.n)]) {
      const jwt = await new SignJWT(claimsOf())
        .setProtectedHeader({ alg: 'HS256', kid: 'rsa-1', typ: 'JWT' })
        .sign(new TextEncoder().encode(secret))
      await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
    }
  })

  it('with an algorithm that is not on the list, though the key would do', async () => {
    const key = await makeKey('RS512', 'rsa-512')
    await using own = await startIdentityProvider([{ ...key.jwk, alg: 'RS512' }])
    const jwt = await sign(claimsOf({ iss: own.issuer }), { alg: 'RS512', kid: 'rsa-512' }, key)
    await expect(createJwtReader(oidc(own), testClock())(jwt)).rejects.toEqual(unauthenticated)
  })

  it('with the signature of another key under the same kid', async () => {
    const other = await makeKey('RS256', 'rsa-1')
    const jwt = await sign(claimsOf(), {}, other)
    await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
  })

  it('with a kid that is not published', async () => {
    const jwt = await sign(claimsOf(), { kid: 'rsa-2' })
    await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
  })

  it('with a kid that is a path or a statement', async () => {
    for (const kid of ['../../../dev/null', "' OR 1=1 --", 'http://evil.example/key']) {
      const jwt = await sign(claimsOf(), { kid })
      await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
    }
  })

  it('with jku, x5u or jwk of its own, which are never read', async () => {
    const own = await makeKey('RS256', 'own')
    await using evil = await startIdentityProvider([own.jwk])
    for (const header of [{ jku: evil.jwksUrl }, { x5u: evil.jwksUrl }, { jwk: own.jwk }])
      for (const kid of ['own', 'rsa-1']) {
        const jwt = await sign(claimsOf(), { kid, ...header }, own)
        await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
      }
    expect(evil.asked).toEqual([])
  })

  it('with a critical header that nobody here knows', async () => {
    const header = encode({ alg: 'RS256', kid: 'rsa-1', typ: 'JWT', crit: ['x'], x: 1 })
    const [, payload] = (await sign(claimsOf())).split('.')
    const { privateKey } = rsa
    const data = new TextEncoder().encode(`${header}.${payload}`)
    const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', privateKey, data)
    const jwt = `${header}.${payload}.${Buffer.from(signature).toString('base64url')}`
    await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
  })

  it.each([undefined, '', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE'])(
    'as the type %p',
    async (typ) => {
      const jwt = await sign(claimsOf(), { typ })
      await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
    },
  )

  it('with one bit of any of its parts flipped', async () => {
    const parts = (await sign(claimsOf())).split('.')
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url')
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
      const jwt = parts.with(index, bytes.toString('base64url')).join('.')
      await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
    }
  })

  it.each([
    '',
    '.',
    '..',
    'a.b',
    'a.b.c.d.e',
    'a..c',
    'a.b.',
    ' a.b.c',
    'a.b.c\n',
    'ä.b.c',
    'e30.e30.e30',
  ])('in the form of %j', async (jwt) => {
    await expect(reader()(jwt)).rejects.toEqual(unauthenticated)
  })

  it('without its claims getting into the error', async () => {
    const jwt = await sign(claimsOf({ aud: 'other', email: 'canary@example.com' }))
    const thrown: unknown = await reader()(jwt).catch((error) => error)
    expect(thrown).toMatchObject({ cause: { message: 'ERR_JWT_CLAIM_VALIDATION_FAILED' } })
    expect(JSON.stringify(thrown, reveal)).not.toMatch(/canary|user-1/)
  })

  it('as nobody can say when the keys cannot be had, which is no mark against it', async () => {
    await using own = await startIdentityProvider([rsa.jwk])
    const jwt = await sign(claimsOf({ iss: own.issuer }))
    const wrong: readonly [number, string, string?][] = [
      [500, '{}'],
      [200, 'not json'],
      [200, '{"keys":7}'],
      [200, JSON.stringify({ keys: [rsa.jwk], padding: 'x'.repeat(300_000) })],
      [302, '', provider.jwksUrl],
    ]
    for (const [status, body, location] of wrong) {
      own.answer(status, body, location)
      const read = createJwtReader(oidc(own), testClock())
      await expect(read(jwt)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', status: 503 })
    }
    own.answer(200, JSON.stringify({ keys: [rsa.jwk] }))
    expect(await createJwtReader(oidc(own), testClock())(jwt)).toBeDefined()
  })
})

describe('roles of a JWT', () => {
  it.each<[string, Claims, string]>([
    ['a list', { groups: ['signers'] }, 'groups'],
    ['one text', { groups: 'signers' }, 'groups'],
    ['a scope', { scope: 'openid signers' }, 'scope'],
    ['a claim named by a URL', { 'https://x/roles': ['signers'] }, 'https://x/roles'],
  ])('come from %s', async (_, claims, rolesClaim) => {
    const jwt = await sign(claimsOf({ groups: undefined, ...claims }))
    expect((await reader({ rolesClaim })(jwt)).roles).toEqual(new Set(['approver']))
  })

  it.each<[string, Claims, string]>([
    ['no claim', { groups: undefined }, 'groups'],
    ['an empty list', { groups: [] }, 'groups'],
    ['a role of ours that nothing maps to', { groups: ['operator'] }, 'groups'],
    ['a text that only holds one', { groups: 'x signers' }, 'groups'],
    ['an object', { groups: { signers: true } }, 'groups'],
    ['a list in a list', { groups: [['signers']] }, 'groups'],
    ['a name that every object has', { groups: ['constructor', '__proto__'] }, 'groups'],
    ['a claim that every object has', {}, 'constructor'],
  ])('are none with %s, which lets nobody in', async (_, claims, rolesClaim) => {
    const jwt = await sign(claimsOf(claims))
    await expect(reader({ rolesClaim })(jwt)).rejects.toEqual(refusal('FORBIDDEN'))
  })
})

describe('the keys of the provider', () => {
  it('are asked for once, however many forged kids come', async () => {
    await using own = await startIdentityProvider([rsa.jwk])
    const read = createJwtReader(oidc(own), testClock())
    await read(await sign(claimsOf({ iss: own.issuer })))
    for (let kid = 0; kid < 20; kid += 1) {
      const jwt = await sign(claimsOf({ iss: own.issuer }), { kid: `forged-${kid}` })
      await expect(read(jwt)).rejects.toEqual(unauthenticated)
    }
    expect(own.asked).toEqual(['/keys'])
  })

  it('are not asked for again within 30 seconds for a kid that is not there', async () => {
    await using own = await startIdentityProvider([rsa.jwk])
    const clock = testClock(0)
    const keySet = createKeySet(own.jwksUrl, clock)
    const ask = (kid: string) => keySet({ alg: 'RS256', kid }, { payload: '', signature: '' })
    await ask('rsa-1')
    clock.advance(6_000) // past the shorter gap, which holds after failures too
    await expect(ask('forged')).rejects.toThrow()
    expect(own.asked).toHaveLength(1)
  })

  it('are asked for once in a while when the provider fails', async () => {
    await using own = await startIdentityProvider([rsa.jwk])
    own.answer(500, '')
    const clock = testClock(0)
    const keySet = createKeySet(own.jwksUrl, clock)
    const ask = () => keySet({ alg: 'RS256', kid: 'rsa-1' }, { payload: '', signature: '' })
    for (let time = 0; time < 20; time += 1) await expect(ask()).rejects.toThrow()
    expect(own.asked).toHaveLength(1)
    clock.advance(5_000)
    own.answer(200, JSON.stringify({ keys: [rsa.jwk] }))
    expect(await ask()).toBeDefined()
    expect(own.asked).toHaveLength(2)
  })

  it.each(['http://idp.example.com/keys', 'file:///etc/passwd', 'ftp://x/keys', 'keys', ''])(
    'are never asked for at %j',
    (jwksUrl) => {
      expect(() => createKeySet(jwksUrl)).toThrow(refusal('CONFIGURATION_INVALID'))
    },
  )
})

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Shows what JSON leaves out of errors. */
const reveal = (_: string, value: unknown) =>
  value instanceof Error
    ? Object.fromEntries(
        Object.getOwnPropertyNames(value).map((key) => [key, Reflect.get(value, key)]),
      )
    : value
