/** What went wrong with a call, as RFC 9457 tells it or as the browser sees it. @module */

/** A readable failure of one call. */
export type Problem = {
  /** HTTP status; 0 where no answer came. */
  readonly status: number
  /** The server's code, or `UNREACHABLE`, `UNREADABLE`. */
  readonly code: string
  readonly title: string
  readonly detail: string
  /** Leads to the server's log. */
  readonly requestId?: string
  /** Single fields that are wrong. */
  readonly errors?: readonly string[]
  /** Seconds to wait. */
  readonly retryAfter?: number
}

/** Thrown by every call of the API that does not end well. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.title} [${problem.code}]`)
    this.problem = problem
  }
}

/** No answer came: the server is down, or the network is. */
export const unreachable: Problem = {
  status: 0,
  code: 'UNREACHABLE',
  title: 'The server does not answer',
  detail: 'It is stopped, or the network is down. Nothing was changed by this page meanwhile.',
}

/** @returns the problem in what was thrown; `undefined` for a call that was given up on purpose. */
export function problemOf(thrown: unknown): Problem | undefined {
  if (thrown instanceof ProblemError) return thrown.problem
  if (thrown instanceof DOMException && thrown.name === 'AbortError') return undefined
  const detail = thrown instanceof Error ? thrown.message : 'Load the page anew.'
  return { status: 0, code: 'UNREADABLE', title: 'The page met something unexpected', detail }
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** One entry of `errors`, which may be a text or an object with a path and a message. */
function fieldError(entry: unknown): string {
  if (typeof entry === 'string') return entry
  if (typeof entry !== 'object' || entry === null) return String(entry)
  const { path, pointer, field, message, detail } = entry as Record<string, unknown> // an object
  const where = text(path) ?? text(pointer) ?? text(field)
  const what = text(message) ?? text(detail) ?? JSON.stringify(entry)
  return where === undefined ? what : `${where}: ${what}`
}

/**
 * Reads a problem document; total: whatever a proxy puts in its place becomes a problem too.
 *
 * @param body - The parsed JSON, or `undefined` where there is none.
 * @param retryAfter - The header: seconds or an HTTP date.
 * @param now - Milliseconds since 1970.
 */
export function readProblem(
  status: number,
  body: unknown,
  retryAfter: string | null,
  now: number,
): Problem {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown> // an object
  const wait = retryAfter === null ? undefined : secondsUntil(retryAfter, now)
  const requestId = text(fields['requestId'])
  const errors = Array.isArray(fields['errors']) ? fields['errors'].map(fieldError) : []
  return {
    status,
    code: text(fields['code']) ?? `HTTP_${status}`,
    title: text(fields['title']) ?? `The server answered with status ${status}`,
    detail: text(fields['detail']) ?? '',
    ...(requestId === undefined ? {} : { requestId }),
    ...(errors.length === 0 ? {} : { errors }),
    ...(wait === undefined ? {} : { retryAfter: wait }),
  }
}

/** @returns whole seconds, 0 to 3,600; `undefined` for what is neither a number nor a date. */
function secondsUntil(header: string, now: number): number | undefined {
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isNaN(seconds) ? undefined : Math.min(3600, Math.max(0, Math.ceil(seconds)))
}
