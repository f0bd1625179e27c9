/** Whether a call with a cookie comes from our own page, and how the cookie is set. @module */

import { AdminError } from '../errors.ts'
import { sameSecret } from './digest.ts'
import { csrfTokenOf } from './sessions.ts'

/** How the session cookie is called and set. Over https its name keeps other hosts from setting it. */
export type SessionCookie = {
  readonly name: '__Host-session' | 'session'
  readonly httpOnly: true
  readonly secure: boolean
  readonly sameSite: 'strict'
  readonly path: '/'
}

/** The values of the headers that tell where a call comes from. */
export type CallOrigin = {
  readonly origin: readonly string[]
  readonly fetchSite: readonly string[]
}

/** @param publicUrl - `https://…`, or `http://` on loopback, where browsers allow no `__Host-`. */
export function sessionCookieFor(publicUrl: string): SessionCookie {
  const secure = new URL(publicUrl).protocol === 'https:'
  const name = secure ? '__Host-session' : 'session'
  return { name, httpOnly: true, secure, sameSite: 'strict', path: '/' }
}

/** Methods that change nothing. */
export const isSafeMethod = (method: string): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/**
 * An unsafe call has to say that it comes from us: `Origin`, or `Sec-Fetch-Site` where a browser sends
 * no origin. Where both came along, both have to be right.
 *
 * @throws {AdminError} `CSRF_REFUSED`; the reason is the `cause`.
 */
export function assertOurOrigin(call: CallOrigin, publicUrl: string): void {
  if (call.origin.length === 0 && call.fetchSite.length === 0)
    throw refused('neither Origin nor Sec-Fetch-Site')
  if (call.origin.length > 0 && !isOnly(call.origin, new URL(publicUrl).origin))
    throw refused('another origin')
  if (call.fetchSite.length > 0 && !isOnly(call.fetchSite, 'same-origin'))
    throw refused('another site')
}

/**
 * A safe call with a cookie: another site may link to us, but its pages may not load from us.
 *
 * @throws {AdminError} `CSRF_REFUSED`.
 */
export function assertNotForeign({ fetchSite }: CallOrigin): void {
  if (fetchSite.length > 0 && !isOnly(fetchSite, 'same-origin') && !isOnly(fetchSite, 'none'))
    throw refused('another site')
}

/**
 * @param values - Of X-CSRF-Token.
 * @param cookie - The value of the session's cookie.
 * @throws {AdminError} `CSRF_REFUSED`.
 */
export function assertCsrfToken(values: readonly string[], cookie: string): void {
  const [value, ...more] = values
  if (value === undefined || more.length > 0 || !sameSecret(value, csrfTokenOf(cookie)))
    throw refused('not the token of the session')
}

const isOnly = (values: readonly string[], wanted: string): boolean =>
  values.length === 1 && values[0] === wanted

const refused = (reason: string): AdminError =>
  new AdminError('CSRF_REFUSED', {}, new Error(reason))
