/** Refuses requests that two readers, a proxy and this server, could read in two ways. @module */

import type { IncomingMessage } from 'node:http'
import { AdminError } from '../errors.ts'

const MAX_HEADERS = 100
/** No path of this server needs percent-encoding, so none can hide a slash or a dot in it. */
const PATH = /^(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@]+)+$|^\/$/
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/
/** RFC 3986 3.4. */
const QUERY = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/
/** Names of containers and of services in them hold underscores. */
const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/
/** Node.js keeps the first of some, joins others: which one counted would be a guess. */
const SINGLE = new Set([
  'host',
  'authorization',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'cookie',
  'expect',
  'idempotency-key',
  'last-event-id',
  'origin',
  'sec-fetch-site',
  'signature',
  'signature-input',
  'x-csrf-token',
])
const BODYLESS = new Set(['GET', 'HEAD'])
const CONTROL = /\p{Cc}/u

/**
 * Looks at request line and headers, before anything else does. Node.js has refused by then: a
 * Content-Length beside Transfer-Encoding, two lengths, a bare CR or LF, folded lines, an HTTP/1.1
 * request without Host, and more than 16 KiB of headers.
 *
 * @throws {AdminError} With a reason in its facts.
 */
export function assertPlainRequest(request: IncomingMessage): void {
  const refuse = (reason: string): never => {
    throw new AdminError('MALFORMED_REQUEST', { reason })
  }
  const { headers, rawHeaders, method = '' } = request
  if (!/^1\.[01]$/.test(request.httpVersion)) refuse('HTTP_VERSION') // Node.js reads 0.9 and 2.0 too
  const [path = '', ...rest] = (request.url ?? '').split('?')
  if (!PATH.test(path) || DOT_SEGMENT.test(path)) refuse('PATH')
  const query = rest.join('?')
  if (!QUERY.test(query) || !isUtf8(query)) refuse('QUERY')
  if (rawHeaders.length > 2 * MAX_HEADERS) throw new AdminError('HEADERS_TOO_LARGE')
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    if (SINGLE.has(name) && seen.has(name)) refuse('HEADER_TWICE')
    seen.add(name)
  }
  if (headers.host !== undefined && !HOST.test(headers.host)) refuse('HOST')
  const coding = headers['transfer-encoding']
  // Any other coding would have to be undone by us: a `gzip, chunked` body is not what it seems.
  const chunked = coding?.toLowerCase() === 'chunked' && request.httpVersion === '1.1'
  if (coding !== undefined && !chunked) refuse('TRANSFER_ENCODING')
  const announced = coding !== undefined || (headers['content-length'] ?? '0') !== '0'
  if (announced && BODYLESS.has(method)) refuse('BODY_WITHOUT_MEANING')
}

/** What does not decode would be taken as it stands, percent signs and all. */
function isUtf8(query: string): boolean {
  try {
    decodeURIComponent(query)
    return true
  } catch {
    return false
  }
}

/**
 * A parameter that is given twice, or holds what is not printable text: SQL refuses NUL.
 *
 * @throws {AdminError} With a reason in its facts.
 */
export function assertPlainQuery(query: unknown): void {
  for (const [name, value] of Object.entries(query ?? {})) {
    if (typeof value !== 'string')
      throw new AdminError('MALFORMED_REQUEST', { reason: 'PARAMETER_TWICE' })
    if (CONTROL.test(name) || CONTROL.test(value))
      throw new AdminError('MALFORMED_REQUEST', { reason: 'PARAMETER_NOT_TEXT' })
  }
}
