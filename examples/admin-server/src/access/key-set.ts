/** The public keys of an identity provider: from one configured address, seldom, and bounded. @module */

import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import { boundedText } from '../bounded-text.ts'
import { AdminError } from '../errors.ts'

const TIMEOUT_MS = 3_000
const COOLDOWN_MS = 30_000
const MAX_AGE_MS = 600_000
/** Also after a failure, which has no cooldown of its own: forged tokens make no storm of requests. */
const GAP_MS = 5_000
const MAX_BYTES = 262_144

/**
 * A `kid` that is not known leads to one more request, no sooner than 30 seconds after the last.
 * Redirects are not followed.
 *
 * @param jwksUrl - `https://…`, or `http://` on loopback.
 * @param clock - Milliseconds; never goes back.
 * @returns Rejects with `UPSTREAM_UNAVAILABLE` when the keys cannot be had: the JWT may be right.
 * @throws {AdminError} `CONFIGURATION_INVALID`.
 */
export function createKeySet(
  jwksUrl: string,
  clock: () => number = () => performance.now(),
): JWTVerifyGetKey {
  const url = URL.canParse(jwksUrl) ? new URL(jwksUrl) : undefined
  if (url === undefined || !isTrustworthy(url))
    throw new AdminError('CONFIGURATION_INVALID', { field: 'oidc.jwksUrl' })
  let notBefore = Number.NEGATIVE_INFINITY
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
    async [customFetch](address, options) {
      if (clock() < notBefore) throw new Error('asked for the keys a moment ago')
      notBefore = clock() + GAP_MS
      const response = await fetch(address, options)
      const text = await boundedText(response, MAX_BYTES)
      if (text === undefined) throw new Error('the key set is too large')
      return new Response(text, { status: response.status })
    },
  })
  return (header, jwt) =>
    keys(header, jwt).catch((thrown: unknown) => {
      if (isAboutKey(thrown)) throw thrown
      throw new AdminError('UPSTREAM_UNAVAILABLE', { cause: 'identity provider' }, thrown)
    })
}

/** Else the keys could not be had. */
const isAboutKey = (thrown: unknown): boolean =>
  thrown instanceof errors.JWKSNoMatchingKey ||
  thrown instanceof errors.JWKSMultipleMatchingKeys ||
  thrown instanceof errors.JOSENotSupported

function isTrustworthy(url: URL): boolean {
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback)
}
