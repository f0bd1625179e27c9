/** Whatever was thrown, as RFC 9457 problem details: what to mend, and nothing of our insides. @module */

import { isSignerError, type SignerError, type SignerErrorCode } from 'fcl-kms'
import { AdminError, type AdminErrorCode, isAdminError } from '../errors.ts'

/** One mistake in what was sent; the value is not repeated. */
export type FieldProblem = {
  readonly in: 'body' | 'query' | 'path' | 'headers'
  /** JSON Pointer (RFC 6901); empty for the whole. */
  readonly pointer: string
  readonly detail: string
}

/** The body of each answer from 400 on, `application/problem+json`. */
export type Problem = {
  /** `/problems/` and the code in kebab-case. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: AdminErrorCode
  readonly detail: string
  /** The path that was called. */
  readonly instance: string
  readonly requestId: string
  readonly errors?: readonly FieldProblem[]
  /** What else the error says: a reason, an offset, the roles that would do. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** Seconds, where nothing better is known. */
const RETRY_SECONDS = 5
const MAX_ERRORS = 20
const MAX_TEXT = 300

/** Errors of the library; others are `UPSTREAM_UNAVAILABLE` when they may pass, or `INTERNAL`. */
const ofSigner: Partial<Record<SignerErrorCode, AdminErrorCode>> = {
  RELAY_QUEUE_FULL: 'OVERLOADED',
  RELAY_CLOSED: 'OVERLOADED',
  RELAY_HELD: 'OVERLOADED',
  SIGNING_QUEUE_FULL: 'OVERLOADED',
  STORE_UNAVAILABLE: 'DATABASE_UNAVAILABLE',
  JOB_ID_TAKEN: 'IDEMPOTENCY_KEY_REUSED',
  JOB_UNKNOWN: 'NOT_FOUND',
  POLICY_REFUSED: 'POLICY_REFUSED',
}

/** What the framework and its plugins refuse by themselves, by status. */
const ofStatus: Readonly<Record<number, AdminErrorCode>> = {
  400: 'MALFORMED_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  413: 'BODY_TOO_LARGE',
  414: 'NOT_FOUND',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
}

/**
 * @param thrown - Anything.
 * @param call - `path` without its query, which may hold what somebody searched for.
 * @returns The problem, and headers that belong to it. Never throws.
 */
export function toProblem(
  thrown: unknown,
  call: { readonly requestId: string; readonly path: string },
): { readonly problem: Problem; readonly headers: Readonly<Record<string, string>> } {
  const error = toAdminError(thrown)
  const { errors, ...facts } = error.facts
  const sentence = error.message.replace(/ \[[A-Z0-9_]+\]$/, '')
  const problem: Problem = {
    type: typeOf(error.code),
    title: titleOf(error.code),
    status: error.status,
    code: error.code,
    detail: sentence,
    instance: printable(call.path),
    requestId: call.requestId,
    ...(Array.isArray(errors) && { errors: errors.slice(0, MAX_ERRORS) }),
    // Facts of our own faults are for the log, but for the code of the library, which is documented.
    ...((error.status < 500 || error.code === 'UPSTREAM_UNAVAILABLE') &&
      Object.keys(facts).length > 0 && { facts: clean(facts) }),
  }
  return { problem, headers: headersOf(error) }
}

/** `NOT_FOUND` → `/problems/not-found`. */
export const typeOf = (code: AdminErrorCode): string =>
  `/problems/${code.toLowerCase().replaceAll('_', '-')}`

/** `NOT_FOUND` → `Not found`. */
export const titleOf = (code: AdminErrorCode): string => {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
}

function headersOf({ status, facts }: AdminError): Readonly<Record<string, string>> {
  const { retryAfterSeconds, allow } = facts
  const headers: Record<string, string> = {}
  const seconds = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : RETRY_SECONDS
  if (status === 429 || status === 503)
    headers['retry-after'] = String(Math.max(1, Math.ceil(seconds)))
  if (status === 401) headers['www-authenticate'] = 'Bearer'
  if (status === 405) headers['allow'] = Array.isArray(allow) ? allow.join(', ') : ''
  return headers
}

/** The error that a caller is told of. */
export function toAdminError(thrown: unknown): AdminError {
  if (isAdminError(thrown)) return thrown
  if (isSignerError(thrown)) {
    const code = ofSigner[thrown.code] ?? ofOthers(thrown)
    const facts = code === 'UPSTREAM_UNAVAILABLE' ? { cause: thrown.code } : {}
    return new AdminError(code, facts, thrown)
  }
  const { validation, validationContext, code, statusCode } = fieldsOf(thrown)
  if (Array.isArray(validation)) {
    // The same mistake twice: the object that holds an unknown field, and the field itself.
    const mistakes = validation.filter((one) => fieldsOf(one)['keyword'] !== 'additionalProperties')
    const errors = mistakes.slice(0, MAX_ERRORS).map((one) => field(one, validationContext))
    return new AdminError('INVALID_REQUEST', { errors }, thrown)
  }
  // Only the framework's own: another library's statusCode is about another server.
  const framework = typeof code === 'string' && /^FST_|^ECONNRESET$/.test(code)
  if (framework && typeof statusCode === 'number' && statusCode < 500)
    return new AdminError(ofStatus[statusCode] ?? 'MALFORMED_REQUEST', {}, thrown)
  return new AdminError('INTERNAL', {}, thrown)
}

/**
 * What KMS, an access node, keys, or the settings and credentials for them did: the server's trouble,
 * never the caller's, and no fault of its code, whether it passes or not.
 */
const ofOthers = ({ code, disposition }: SignerError): AdminErrorCode =>
  disposition === 'retry' ||
  /^(?:ACCESS_NODE_|AWS_|KEY_|KMS_|(?:CHAIN_MISMATCH|NO_KEY_HELD)$)/.test(code)
    ? 'UPSTREAM_UNAVAILABLE'
    : 'INTERNAL'

const fieldsOf = (thrown: unknown): Readonly<Record<string, unknown>> =>
  // Any object can be read by name; what is read is checked.
  typeof thrown === 'object' && thrown !== null ? (thrown as Record<string, unknown>) : {}

const places = { body: 'body', querystring: 'query', params: 'path', headers: 'headers' } as const

function field(mistake: unknown, context: unknown): FieldProblem {
  const { instancePath, message, keyword } = fieldsOf(mistake)
  const place = Object.entries(places).find(([name]) => name === context)?.[1] ?? 'body'
  return {
    in: place,
    pointer: printable(instancePath),
    detail: keyword === 'boolean' ? 'is not a known field' : printable(message),
  }
}

/** One line of bounded length: it is shown in terminals and logs. */
const printable = (text: unknown): string =>
  typeof text === 'string'
    ? text.replace(/[\p{Cc}\p{Cf}\p{Surrogate}\u2028\u2029]+/gu, ' ').slice(0, MAX_TEXT)
    : ''

/** Texts within facts made printable; keys are ours. */
function clean(facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const one = (value: unknown): unknown => {
    if (typeof value === 'string') return printable(value)
    return Array.isArray(value) ? value.slice(0, MAX_ERRORS).map(one) : value
  }
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, one(value)]))
}
