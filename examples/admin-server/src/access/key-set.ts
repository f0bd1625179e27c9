/** The public keys of an identity provider: from one configured address, seldom, and bounded. @module */

import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
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
  return createRemoteJWKSet(url, {
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
    async [customFetch](address, options) {
      if (clock() < notBefore) throw new Error('asked for the keys a moment ago')
      notBefore = clock() + GAP_MS
      const response = await fetch(address, options)
      return new Response(await boundedText(response), { status: response.status })
    },
  })
}

function isTrustworthy(url: URL): boolean {
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback)
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > MAX_BYTES) throw new Error('the key set is too large')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
