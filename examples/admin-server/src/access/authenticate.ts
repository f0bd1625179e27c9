/** Who is calling: a bearer token, a JWT or a session, checked anew for each call. @module */

import type { Config } from '../config/config.ts'
import type { Database, Session } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import { type Credentials, readBearer, readSessionCookie, unauthenticated } from './credentials.ts'
import { createNonceStore } from './nonces.ts'
import { createJwtReader } from './oidc.ts'
import {
  assertCsrfToken,
  assertNotForeign,
  assertOurOrigin,
  isSafeMethod,
  sessionCookieFor,
} from './origin.ts'
import type { Principal, Role } from './principal.ts'
import {
  checkSignature,
  isSigned,
  type SignedRequest,
  signatureRefused,
} from './request-signature.ts'
import { createSessionReader, csrfTokenOf, endSession, startSession } from './sessions.ts'
import { createTokenReader } from './token-reader.ts'
import { isTokenShape } from './tokens.ts'

/** One call: its credentials (see `credentialsOf`), method and target. */
export type Call = Credentials & Pick<SignedRequest, 'method' | 'target'>

/** What a route does, for the signatures that the configuration asks for. */
export type Effect = 'read' | 'change' | 'approval'

/** A session that has just begun. */
export type SignedIn = {
  readonly principal: Principal
  /** The value of the cookie; a secret. */
  readonly cookie: string
  readonly csrfToken: string
}

/** See `createAuthenticator`. All but `csrfTokenOf` reject with `DATABASE_UNAVAILABLE` as well. */
export type Authenticator = {
  /**
   * Exactly one credential: a call with a bearer token and a session cookie is refused, since nobody
   * could say who it was. Session calls have to come from our own page; unsafe ones carry its CSRF
   * token.
   *
   * @throws {AdminError} `UNAUTHENTICATED` (`reason: 'no-credentials'` when none came along, else the
   *   reason is the `cause`, for the log only), `FORBIDDEN`, `CSRF_REFUSED`.
   */
  readonly authenticate: (call: Call) => Promise<Principal>
  /**
   * For calls that `authenticate` let in, once the body is there. The nonce is used up by it.
   *
   * A signature that is not asked for is checked all the same when a call brings one. A session signs by
   * the key of its token: whoever has only its cookie, or a session got by it, without the key, approves
   * nothing. A JWT cannot sign, so where a signature is needed it is refused.
   *
   * @param body - As it came in, before it was parsed; empty when there is none.
   * @throws {AdminError} `SIGNATURE_REQUIRED`, `SIGNATURE_REFUSED`.
   */
  readonly checkSignature: (
    principal: Principal,
    effect: Effect,
    call: Call,
    body: Uint8Array,
  ) => Promise<void>
  /** Whether the credential of a stream that is open still holds. Is no activity of a session. */
  readonly stillValid: (principal: Principal) => Promise<boolean>
  /**
   * @param session - Of the transaction that also holds the audit record.
   * @param token - `fka_…` from the body.
   * @throws {AdminError} `UNAUTHENTICATED`; `CSRF_REFUSED` when another page sends it.
   */
  readonly signIn: (
    session: Session,
    call: Pick<Call, 'origin' | 'fetchSite'>,
    token: string,
  ) => Promise<SignedIn>
  /** @throws {AdminError} `FORBIDDEN` when the principal is no session. */
  readonly signOut: (session: Session, principal: Principal) => Promise<void>
  /** The CSRF token of the call's session, for `GET /v1/me`; nothing for other calls. */
  readonly csrfTokenOf: (call: Pick<Call, 'cookie'>) => string | undefined
}

/** What of the configuration is about callers. */
export type AuthenticatorConfig = {
  readonly http: Pick<Config['http'], 'publicUrl' | 'requestSignatures' | 'sessionMinutes'>
  readonly oidc?: Config['oidc']
}

const SESSION_PREFIX = 'ss_'

/**
 * @param options.clock - Milliseconds since 1970. Default `Date.now`.
 * @throws {AdminError} `CONFIGURATION_INVALID`.
 */
export function createAuthenticator(options: {
  readonly database: Database
  readonly config: AuthenticatorConfig
  readonly clock?: () => number
}): Authenticator {
  const { database, config, clock = Date.now } = options
  const { publicUrl, requestSignatures, sessionMinutes } = config.http
  const cookieName = sessionCookieFor(publicUrl).name
  const tokens = createTokenReader(database, clock)
  const sessions = createSessionReader(database, clock)
  const claimNonce = createNonceStore(database, clock)
  const readJwt = config.oidc === undefined ? undefined : createJwtReader(config.oidc, clock)

  async function byBearer(bearer: string): Promise<Principal> {
    if (!isTokenShape(bearer)) {
      if (readJwt === undefined) throw unauthenticated('not the form of a token')
      return readJwt(bearer)
    }
    const token = await tokens.byToken(bearer)
    if (token === undefined) throw unauthenticated('the token is unknown, revoked or expired')
    const { id, principal, roles, expiresAt } = token
    return freeze({ name: principal, roles, via: 'token', credentialId: id, expiresAt })
  }

  async function byCookie(cookie: string, call: Call): Promise<Principal> {
    const found = await sessions.byCookie(cookie)
    if (found === undefined) throw unauthenticated('the session is unknown or over')
    if (isSafeMethod(call.method)) assertNotForeign(call)
    else {
      assertOurOrigin(call, publicUrl)
      assertCsrfToken(call.csrf, cookie)
    }
    return sessionPrincipal(found)
  }

  async function tokenIdOf({ via, credentialId }: Principal): Promise<string | undefined> {
    if (via !== 'session') return credentialId
    return (await sessions.byIdHash(credentialId.slice(SESSION_PREFIX.length)))?.tokenId
  }

  return Object.freeze({
    async authenticate(call) {
      const bearer = readBearer(call.authorization)
      const cookie = readSessionCookie(call.cookie, cookieName)
      if (bearer !== undefined && cookie !== undefined)
        throw unauthenticated('a bearer token and a session at once')
      if (bearer !== undefined) return byBearer(bearer)
      if (cookie !== undefined) return byCookie(cookie, call)
      throw new AdminError('UNAUTHENTICATED', { reason: 'no-credentials' })
    },

    async checkSignature(principal, effect, call, body) {
      const needed =
        (effect === 'approval' && requestSignatures !== 'off') ||
        (effect === 'change' && requestSignatures === 'changes')
      if (!isSigned(call)) {
        if (needed) throw new AdminError('SIGNATURE_REQUIRED')
        return
      }
      if (principal.via === 'oidc') throw signatureRefused('a JWT has no key to sign with')
      const tokenId = await tokenIdOf(principal)
      const token = tokenId === undefined ? undefined : await tokens.byId(tokenId)
      if (tokenId === undefined || token === undefined)
        throw unauthenticated('the token was revoked, or expired')
      const nonce = checkSignature(token.signatureKey, { ...call, body }, call, clock())
      if (!(await claimNonce({ tokenId, nonce }))) throw signatureRefused('the nonce was used')
    },

    async stillValid({ via, credentialId, expiresAt = 0 }) {
      if (via === 'token') return (await tokens.byId(credentialId)) !== undefined
      if (via === 'oidc') return clock() < expiresAt
      return (await sessions.byIdHash(credentialId.slice(SESSION_PREFIX.length))) !== undefined
    },

    async signIn(session, call, token) {
      assertOurOrigin(call, publicUrl)
      const found = await createTokenReader(session, clock).byToken(token)
      if (found === undefined) throw unauthenticated('the token is unknown, revoked or expired')
      const started = await startSession(session, found, sessionMinutes, clock())
      const { cookie } = started
      return { principal: sessionPrincipal(started), cookie, csrfToken: csrfTokenOf(cookie) }
    },

    async signOut(session, { via, credentialId }) {
      if (via !== 'session') throw new AdminError('FORBIDDEN', { reason: 'no-session' })
      await endSession(session, credentialId.slice(SESSION_PREFIX.length), clock())
    },

    csrfTokenOf({ cookie }) {
      const value = readSessionCookie(cookie, cookieName)
      return value === undefined ? undefined : csrfTokenOf(value)
    },
  } satisfies Authenticator)
}

/** @throws {AdminError} `FORBIDDEN` with the roles of which the principal has none. */
export function requireRole(
  principal: Pick<Principal, 'roles'>,
  ...allowed: readonly Role[]
): void {
  if (!allowed.some((role) => principal.roles.has(role)))
    throw new AdminError('FORBIDDEN', { roles: allowed })
}

type SessionFacts = {
  readonly idHash: string
  readonly principal: string
  readonly roles: readonly Role[]
  readonly expiresAt: number
}

const sessionPrincipal = ({ idHash, principal, roles, expiresAt }: SessionFacts): Principal =>
  freeze({
    name: principal,
    roles,
    via: 'session',
    credentialId: `${SESSION_PREFIX}${idHash}`,
    expiresAt,
  })

const freeze = (facts: Omit<Principal, 'roles'> & { readonly roles: readonly Role[] }): Principal =>
  Object.freeze({ ...facts, roles: new Set(facts.roles) })
