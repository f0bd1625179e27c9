/** The calls of the API, typed. The cookie travels by itself; the token is never kept. @module */

import { ProblemError, readProblem, unanswered, unreachable } from './problem.ts'
import { signatureHeaders } from './request-signature.ts'
import type {
  AuditRecord,
  AuditVerification,
  ContentPage,
  FunctionInfo,
  Item,
  Keys,
  Me,
  ProposalKeys,
  Request,
  RequestDetail,
  Rotation,
  RotationDetail,
  Stats,
} from './types.ts'

type Query = Readonly<Record<string, string | number | boolean | undefined>>
type Call = {
  readonly query?: Query
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
}

let csrfToken: string | null = null
let signsCalls = false
let whenUnauthenticated: (notice?: string) => void = () => {}

const keyIsGone =
  'What you did has to be signed by a key of your token, which a page forgets when it is loaded anew. Sign in again, and do it once more.'

/** @param token - For unsafe methods; null once nobody is signed in. @param signs - Whether the server asks for signatures. */
export const setCsrfToken = (token: string | null, signs = false): void => {
  csrfToken = token
  signsCalls = signs
}

/** @param listener - Called when a call finds that the session is over, or can do no more; then with a reason. */
export const onUnauthenticated = (listener: (notice?: string) => void): void => {
  whenUnauthenticated = listener
}

/** @returns `path?a=b` without what is undefined or empty. */
export function withQuery(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))
  return pairs.length === 0 ? path : `${path}?${search}`
}

/** @throws {ProblemError} for every answer that is not 2xx, and for none. */
async function call<T>(method: string, path: string, options: Call = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken
  const target = withQuery(path, options.query)
  const body = options.body === undefined ? undefined : JSON.stringify(options.body)
  if (method !== 'GET' && signsCalls)
    Object.assign(headers, await signatureHeaders(method, target, body ?? ''))
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000)
  const response = await fetch(target, {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.any([timeout, ...(options.signal ? [options.signal] : [])]),
  }).catch((thrown: unknown) => {
    if (options.signal?.aborted) throw thrown
    throw new ProblemError(method === 'GET' ? unreachable : unanswered)
  })
  if (response.ok) {
    if (response.status === 204) return undefined as T // such calls are typed as void
    return (await response.json()) as T // the page is served by the server whose answers these are
  }
  const said: unknown = await response.json().catch(() => undefined)
  const retryAfter = response.headers.get('retry-after')
  const problem = readProblem(response.status, said, retryAfter, Date.now())
  if (problem.code === 'SIGNATURE_REQUIRED') whenUnauthenticated(keyIsGone)
  else if (problem.status === 401 && problem.code !== 'SIGNATURE_REFUSED' && path !== '/v1/session')
    whenUnauthenticated()
  throw new ProblemError(problem)
}

const get = <T>(path: string, query: Query, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, { query, ...(signal ? { signal } : {}) })
const send = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  call<T>(method, path, body === undefined ? {} : { body })
const at = (id: string, rest = ''): string => `/v1/requests/${encodeURIComponent(id)}${rest}`

/** Filters of the list of requests. */
export type RequestQuery = {
  readonly state?: string
  readonly function?: string
  readonly requester?: string
  readonly search?: string
  readonly waitsForMe?: true
  readonly order?: 'newest' | 'expiring'
  readonly before?: string
  readonly limit?: number
}

/** Filters of the audit trail. */
export type AuditQuery = {
  readonly after?: string
  readonly limit?: number
  readonly requestId?: string
  readonly kind?: string
  readonly actor?: string
  readonly order?: 'asc' | 'desc'
}

/** One page of a list, and where the next begins. */
export type Page<K extends string, T> = { readonly [key in K]: readonly T[] } & {
  readonly next: string | number | null
}

/** Every call the dashboard makes. All throw a `ProblemError`. */
export const api = {
  me: (signal?: AbortSignal) => get<Me>('/v1/me', {}, signal),
  /** @param token - Sent once, in exchange for the cookie. */
  signIn: (token: string) => send<Me>('POST', '/v1/session', { token }),
  signOut: () => send<void>('DELETE', '/v1/session'),
  functions: (signal?: AbortSignal) =>
    get<{ functions: readonly FunctionInfo[] }>('/v1/functions', {}, signal),
  requests: (query: RequestQuery, signal?: AbortSignal) =>
    get<Page<'requests', Request>>('/v1/requests', query, signal),
  request: (id: string, signal?: AbortSignal) => get<RequestDetail>(at(id), {}, signal),
  items: (id: string, query: { after: number; limit: number }, signal?: AbortSignal) =>
    get<Page<'items', Item>>(at(id, '/items'), query, signal),
  content: (id: string, query: { after: string | number; limit: number }, signal?: AbortSignal) =>
    get<ContentPage>(at(id, '/content'), query, signal),
  approve: (id: string, digest: string) => send<Request>('POST', at(id, '/approvals'), { digest }),
  withdraw: (id: string) => send<Request>('DELETE', at(id, '/approvals/mine')),
  cancel: (id: string) => send<Request>('POST', at(id, '/cancel'), {}),
  keys: (signal?: AbortSignal) => get<Keys>('/v1/keys', {}, signal),
  proposalKeys: (signal?: AbortSignal) => get<ProposalKeys>('/v1/proposal-keys', {}, signal),
  rotations: (signal?: AbortSignal) =>
    get<{ rotations: readonly Rotation[] }>('/v1/rotations', {}, signal),
  rotation: (address: string, signal?: AbortSignal) =>
    get<RotationDetail>(`/v1/rotations/${encodeURIComponent(address)}`, {}, signal),
  audit: (query: AuditQuery, signal?: AbortSignal) =>
    get<Page<'records', AuditRecord>>('/v1/audit', query, signal),
  /** Reads the whole chain, which may take minutes. */
  verifyAudit: () => call<AuditVerification>('GET', '/v1/audit/verify', { timeoutMs: 900_000 }),
  pause: (reason: string) => send<void>('POST', '/v1/pause', { reason }),
  resume: (reason: string) => send<void>('POST', '/v1/resume', { reason }),
  stats: (signal?: AbortSignal) => get<Stats>('/v1/stats', {}, signal),
}
