/** Requests to an access node's REST API, bounded in time and size. @module */

import { withDeadline } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { doubling, retrying } from '../retry.ts'

/** One reply may take this long; a GET is tried again until `timeoutMs` is over. */
const REQUEST_TIMEOUT_MS = 4_000
/** Enough for an account with 40,000 keys. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** What a request needs to know about its node. */
export type NodeConnection = {
  /** Without a trailing slash, for example `http://127.0.0.1:8888`. */
  readonly url: string
  /** Milliseconds for a request with its retries. */
  readonly timeoutMs: number
}

type Request = {
  readonly path: string
  readonly body?: object
  readonly signal?: AbortSignal | undefined
}

/** A body that was read but not yet understood. */
export type NodeReply = { readonly status: number; readonly json: unknown }

/**
 * A GET is repeated on 408, 429, 502, 503, 504 and when the network fails; a POST never is: the
 * node may have taken it.
 *
 * @throws {SignerError} `ACCESS_NODE_UNREACHABLE`, `ACCESS_NODE_REPLY_INVALID`. A status of 4xx or
 * 5xx with a JSON body is returned.
 */
export async function requestNode(node: NodeConnection, request: Request): Promise<NodeReply> {
  const repeatable = request.body === undefined
  return retrying(
    {
      totalTimeoutMs: node.timeoutMs,
      signal: request.signal,
      pauseMs: (thrown, attempts) =>
        repeatable && isSignerError(thrown, 'ACCESS_NODE_UNREACHABLE')
          ? doubling(100, 1_000, attempts)
          : undefined,
      finalError: (thrown) => thrown,
    },
    (_, leftMs) => requestOnce(node, request, Math.min(REQUEST_TIMEOUT_MS, leftMs)),
  )
}

async function requestOnce(node: NodeConnection, request: Request, timeoutMs: number) {
  const unreachable = (reason: string) =>
    new SignerError('ACCESS_NODE_UNREACHABLE', { accessNode: node.url, reason })
  const onTimeout = () => unreachable(`no answer within ${Math.round(timeoutMs)} ms`)
  const { path, body, signal } = request
  return withDeadline({ signal, timeoutMs, onTimeout }, async (abort) => {
    const init: RequestInit =
      body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }
    const response = await fetch(`${node.url}/v1/${path}`, {
      ...init,
      redirect: 'error', // an access node never redirects; something in between would
      signal: abort,
    }).catch((thrown: unknown) => {
      throw unreachable(networkReason(thrown))
    })
    if ([408, 429, 502, 503, 504].includes(response.status)) {
      await response.body?.cancel()
      throw unreachable(`HTTP ${response.status}`)
    }
    const bytes = await readBody(response, node.url).catch((thrown: unknown) => {
      throw isSignerError(thrown) ? thrown : unreachable(networkReason(thrown))
    })
    return { status: response.status, json: parseJson(bytes, response.status, node.url) }
  })
}

async function readBody(response: Response, accessNode: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  for await (const chunk of response.body ?? []) {
    byteLength += chunk.length
    if (byteLength > MAX_BODY_BYTES)
      throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
        accessNode,
        reason: `more than ${MAX_BODY_BYTES} bytes`,
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function parseJson(bytes: Uint8Array, status: number, accessNode: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
      accessNode,
      reason: `HTTP ${status} with a body that is not JSON`,
    })
  }
}

/** The code of the socket's error, such as ECONNREFUSED; never its text, which may hold anything. */
function networkReason(thrown: unknown): string {
  const outer = typeof thrown === 'object' && thrown !== null ? thrown : {}
  const cause = 'cause' in outer ? outer.cause : outer
  const code =
    typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code.slice(0, 64) : 'the request failed'
}
