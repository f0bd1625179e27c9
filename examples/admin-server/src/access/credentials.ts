/** Reads what a call brings along to say who it is. Strict: what could be read in two ways is refused. @module */

import { AdminError } from '../errors.ts'
import { isSessionShape } from './sessions.ts'

/** The values of each header, as many as came in. */
export type Credentials = {
  readonly authorization: readonly string[]
  readonly cookie: readonly string[]
  readonly csrf: readonly string[]
  readonly origin: readonly string[]
  readonly fetchSite: readonly string[]
  readonly timestamp: readonly string[]
  readonly nonce: readonly string[]
  readonly signature: readonly string[]
}

const headers: ReadonlyMap<string, keyof Credentials> = new Map([
  ['authorization', 'authorization'],
  ['cookie', 'cookie'],
  ['x-csrf-token', 'csrf'],
  ['origin', 'origin'],
  ['sec-fetch-site', 'fetchSite'],
  ['x-request-timestamp', 'timestamp'],
  ['x-request-nonce', 'nonce'],
  ['x-request-signature', 'signature'],
])

// One scheme, one space, one token68 of bounded length.
const bearerPattern = /^bearer ([A-Za-z0-9._~+/-]{1,8192}=*)$/i

/** @param reason - For the log; the caller only hears that the credentials will not do. */
export const unauthenticated = (reason: string): AdminError =>
  new AdminError('UNAUTHENTICATED', {}, new Error(reason))

/**
 * @param rawHeaders - Names and values in turn, as `IncomingMessage.rawHeaders` has them: the parsed
 *   form keeps the first `Authorization` only and would hide that there were two.
 */
export function credentialsOf(rawHeaders: readonly string[]): Credentials {
  const found: Record<keyof Credentials, string[]> = {
    authorization: [],
    cookie: [],
    csrf: [],
    origin: [],
    fetchSite: [],
    timestamp: [],
    nonce: [],
    signature: [],
  }
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const field = headers.get((rawHeaders[index] ?? '').toLowerCase())
    if (field !== undefined) found[field].push(rawHeaders[index + 1] ?? '')
  }
  return found
}

/**
 * @returns What stands after `Bearer`, or nothing when there is no such header.
 * @throws {AdminError} `UNAUTHENTICATED` for two headers, another scheme, or another form.
 */
export function readBearer(values: readonly string[]): string | undefined {
  const [value, ...more] = values
  if (value === undefined) return undefined
  const token = more.length === 0 ? bearerPattern.exec(value)?.[1] : undefined
  if (token === undefined) throw unauthenticated('not exactly one well-formed Authorization')
  return token
}

/** @returns The token or JWT that a call brings, if it brings one that can be read. */
export function bearerOf(rawHeaders: readonly string[]): string | undefined {
  try {
    return readBearer(credentialsOf(rawHeaders).authorization)
  } catch {
    return undefined
  }
}

/**
 * @param name - Of the cookie; others are for somebody else.
 * @returns Its value, or nothing when it did not come along.
 * @throws {AdminError} `UNAUTHENTICATED` when it came twice, or is no value of ours.
 */
export function readSessionCookie(values: readonly string[], name: string): string | undefined {
  const found = values
    .flatMap((value) => value.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  const [value, ...more] = found
  if (value === undefined) return undefined
  if (more.length > 0 || !isSessionShape(value))
    throw unauthenticated('not exactly one well-formed session cookie')
  return value
}
