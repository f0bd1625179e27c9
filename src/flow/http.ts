/** Requests to an access node's REST API, tried again where that is safe. @module */

import { isSignerError, SignerError } from '../errors.ts'
import { doubling, retrying } from '../retry.ts'
import type { NodeConnection } from './node-connection.ts'
import { assertAvailable, requestOnce } from './request-once.ts'

export type { NodeConnection }

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
    async (_, leftMs) => {
      const reply = await requestOnce(node, {
        path: request.path,
        timeoutMs: leftMs,
        signal: request.signal,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      })
      assertAvailable(reply, node.url)
      const { status, json } = reply
      if (json === undefined)
        throw new SignerError('ACCESS_NODE_REPLY_INVALID', {
          accessNode: node.url,
          reason: `HTTP ${status} with a body that is not JSON`,
        })
      return { status, json }
    },
  )
}
