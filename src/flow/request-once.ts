/** One request to an access node, never repeated: for callers who pace their requests. @module */

import { withDeadline } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { NodeConnection } from './node-connection.ts'

/** The longest that one reply may take, in milliseconds. */
const REQUEST_TIMEOUT_MS = 4_000
/** Enough for the results of a block of a thousand transactions. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** What came back, whatever its status. */
export type OnceReply = {
  readonly status: number
  /** The body, or `undefined` when it is not JSON: what stands in between answers in HTML. */
  readonly json: unknown
  /** What the header Retry-After asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined
}

/** @param body - Sent as it is, as JSON, by POST; a GET has none. */
export type OnceRequest = {
  readonly path: string
  readonly body?: string
  /** Milliseconds, if less than 4,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads each body to its end, so that the connection is used again.
 *
 * @throws {SignerError} `ACCESS_NODE_UNREACHABLE` when no whole reply came,
 * `ACCESS_NODE_REPLY_INVALID` for more than 16 MiB, a redirect, and what is not HTTP. Rejects with
 * `signal.reason` on abort.
 */
export async function requestOnce(node: NodeConnection, request: OnceRequest): Promise<OnceReply> {
  const timeoutMs = Math.round(Math.min(REQUEST_TIMEOUT_MS, request.timeoutMs ?? node.timeoutMs))
  const { path, body, signal } = request
  await node.admit?.(signal)
  const unreachable = (reason: string) =>
    new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode: node.url, reason })
  const invalid = (reason: string) =>
    new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode: node.url, reason })
  const onTimeout = () => unreachable(`no answer within ${timeoutMs} ms`)
  const headers = { 'content-type': 'application/json' }
  return withDeadline({ signal, timeoutMs, onTimeout }, async (abort) => {
    try {
      const response = await fetch(`${node.url}/v1/${path}`, {
        ...(body === undefined ? {} : { method: 'POST', headers, body }),
        redirect: 'manual', // an access node never redirects; something in between would
        signal: abort,
      })
      const bytes = await readBody(response)
      if (bytes === undefined) throw invalid(`more than ${MAX_BODY_BYTES} bytes`)
      if (isRedirect(response)) throw invalid(redirectText(response, node.url))
      const retryAfterMs = retryAfter(response.headers.get('retry-after'))
      return { status: response.status, json: parsed(bytes), retryAfterMs }
    } catch (thrown) {
      if (isSignerError(thrown)) throw thrown
      const code = socketCode(thrown)
      throw code.startsWith('HPE_') ? invalid(`${code}: ${NO_HTTP}`) : unreachable(code)
    }
  })
}

const NO_HTTP = 'what answers does not speak HTTP/1.1; perhaps the port is that of gRPC'

const isRedirect = ({ status, headers }: Response) =>
  status >= 300 && status < 400 && headers.has('location')

/** Where to, but no more than the host: a path may hold a token. */
function redirectText({ status, headers }: Response, from: string): string {
  const location = headers.get('location') ?? ''
  const to = URL.canParse(location, from) ? new URL(location, from).origin : 'nowhere'
  const place = to === new URL(from).origin ? 'another path' : to
  return `HTTP ${status} redirects to ${place}, which is not followed: give the URL that answers itself`
}

/** @throws {SignerError} `ACCESS_NODE_UNREACHABLE` for a status that says to come back later. */
export function assertAvailable({ status }: OnceReply, accessNode: string): void {
  if ([408, 429, 502, 503, 504].includes(status))
    throw new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode, reason: `HTTP ${status}` })
}

async function readBody(response: Response): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  for await (const chunk of response.body ?? []) {
    byteLength += chunk.length
    if (byteLength > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

/** Seconds, or a date. @see RFC 9110 10.2.3. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  const ms = /^\d{1,6}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** The code of the socket's error, such as ECONNREFUSED; never its text, which may hold anything. */
function socketCode(thrown: unknown): string {
  const outer = typeof thrown === 'object' && thrown !== null ? thrown : {}
  const cause = 'cause' in outer ? outer.cause : outer
  const code =
    typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code.slice(0, 64) : 'the request failed'
}
