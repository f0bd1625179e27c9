/** JWTs of an identity provider as bearer tokens. Any doubt about one is a refusal. @module */

import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Config } from '../config/config.ts'
import { AdminError, isAdminError } from '../errors.ts'
import { unauthenticated } from './credentials.ts'
import { sha256Hex } from './digest.ts'
import { createKeySet } from './key-set.ts'
import { isPrincipalName, type Principal, type Role } from './principal.ts'

/** Asymmetric only: with HMAC a public key would be a secret that everybody knows. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
/** An ID token or an access token by RFC 9068; a logout token or a DPoP proof is neither. */
const TYPES: ReadonlySet<unknown> = new Set(['jwt', 'at+jwt', 'application/at+jwt'])
const TOLERANCE_SECONDS = 30
/** A JWT cannot be revoked, so an old one is refused even if its issuer gave it longer. */
const MAX_AGE_SECONDS = 43_200

const shape = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Whether it has the form of a signed JWT. Says nothing more. */
export const isJwtShape = (text: string): boolean => shape.test(text)

/**
 * The principal is `<host of the issuer>|<sub>`; its roles are those that the configured claim maps to.
 * Keys come from the configured address only: `jku`, `x5u`, `jwk` and `x5c` of a token are not read.
 *
 * @param clock - Milliseconds since 1970.
 * @returns A function that authenticates a JWT. It rejects with `UNAUTHENTICATED`; with `FORBIDDEN`
 *   when the JWT is right but none of its roles is one of ours; with `UPSTREAM_UNAVAILABLE` when nobody
 *   can say so, since the keys cannot be had.
 * @throws {AdminError} `CONFIGURATION_INVALID`.
 */
export function createJwtReader(
  oidc: NonNullable<Config['oidc']>,
  clock: () => number = Date.now,
): (jwt: string) => Promise<Principal> {
  if (!URL.canParse(oidc.issuer))
    throw new AdminError('CONFIGURATION_INVALID', { field: 'oidc.issuer' })
  const { host } = new URL(oidc.issuer)
  const keySet = createKeySet(oidc.jwksUrl)

  async function verify(jwt: string): Promise<JWTPayload> {
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, keySet, {
        issuer: oidc.issuer,
        audience: oidc.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['sub', 'exp', 'iat'],
        clockTolerance: TOLERANCE_SECONDS,
        maxTokenAge: MAX_AGE_SECONDS,
        currentDate: new Date(clock()),
      })
      if (!TYPES.has(protectedHeader.typ?.toLowerCase())) throw new Error('not a type we take')
      return payload
    } catch (thrown) {
      if (isAdminError(thrown)) throw thrown
      // The error of the library holds all claims; only its code goes on.
      throw unauthenticated(thrown instanceof errors.JOSEError ? thrown.code : 'no valid JWT')
    }
  }

  return async (jwt) => {
    if (!isJwtShape(jwt)) throw unauthenticated('not the form of a JWT')
    const payload = await verify(jwt)
    const { sub, exp = 0, iat = 0 } = payload
    const name = `${host}|${sub}`
    if (typeof sub !== 'string' || sub === '' || !isPrincipalName(name))
      throw unauthenticated('the subject cannot be the name of a principal')
    const roles = rolesOf(payload, oidc)
    if (roles.size === 0) throw new AdminError('FORBIDDEN', { reason: 'no-role' })
    return Object.freeze({
      name,
      roles,
      via: 'oidc',
      credentialId: `jwt_${sha256Hex(jwt).slice(0, 32)}`,
      expiresAt: Math.min(exp, iat + MAX_AGE_SECONDS) * 1_000,
    } satisfies Principal)
  }
}

/** A list of texts, or one text; `scope` is a list with spaces between (RFC 8693 4.2). */
function rolesOf(payload: JWTPayload, oidc: NonNullable<Config['oidc']>): ReadonlySet<Role> {
  const claim = payload[oidc.rolesClaim]
  const text = typeof claim === 'string' && oidc.rolesClaim === 'scope' ? claim.split(' ') : [claim]
  const values: readonly unknown[] = Array.isArray(claim) ? claim : text
  const known = Object.entries(oidc.roles)
  return new Set(known.filter(([value]) => values.includes(value)).map(([, role]) => role))
}
