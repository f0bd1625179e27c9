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
  /** What else there is to know: a reason, the roles that would do. */
  readonly facts?: Readonly<Record<string, unknown>>
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
  detail: 'It is stopped, or the network is down.',
}

/** The same, for a call that changes something. */
export const unanswered: Problem = {
  ...unreachable,
  detail:
    'What you asked for may have been done or not. Load the page anew and look before you repeat it.',
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

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** One entry of `errors`: where, by a JSON pointer, and what. */
function fieldError(entry: unknown): string {
  if (!isRecord(entry)) return String(entry)
  const where = text(entry['pointer']) ?? text(entry['field']) ?? text(entry['in'])
  const what = text(entry['detail']) ?? JSON.stringify(entry)
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
  const fields = isRecord(body) ? body : {}
  const wait = retryAfter === null ? undefined : secondsUntil(retryAfter, now)
  const requestId = text(fields['requestId'])
  const { facts } = fields
  const errors = Array.isArray(fields['errors']) ? fields['errors'].map(fieldError) : []
  return {
    status,
    code: text(fields['code']) ?? `HTTP_${status}`,
    title: text(fields['title']) ?? `The server answered with status ${status}`,
    detail: text(fields['detail']) ?? '',
    ...(requestId === undefined ? {} : { requestId }),
    ...(isRecord(facts) ? { facts } : {}),
    ...(errors.length === 0 ? {} : { errors }),
    ...(wait === undefined ? {} : { retryAfter: wait }),
  }
}

/** @returns whole seconds, 0 to 3,600; `undefined` for what is neither a number nor a date. */
function secondsUntil(header: string, now: number): number | undefined {
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000
  return Number.isNaN(seconds) ? undefined : Math.min(3600, Math.max(0, Math.ceil(seconds)))
}

/** @returns seconds until another try may help; `undefined` where it will not. */
export function retryDelay(problem: Problem): number | undefined {
  if (problem.retryAfter !== undefined) return Math.max(1, problem.retryAfter)
  return problem.status === 0 || problem.status === 429 || problem.status >= 502 ? 5 : undefined
}
