/** What Node.js refuses before there is a request: answered on the bare connection, then closed. @module */

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { type AdminErrorCode, adminErrors } from '../errors.ts'
import { bareHeaders } from './headers.ts'
import { titleOf, typeOf } from './problems.ts'

const codes: Readonly<Record<string, AdminErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
}

/**
 * Makes the handler of connections that went wrong. While a response is under way nothing is
 * written: it would land in the middle of it.
 */
export function answerClientErrors(): {
  readonly handler: (error: Error & { readonly code?: string }, socket: Socket) => void
  /** Watches which connections have a response under way. */
  readonly watch: (app: FastifyInstance) => void
} {
  const answering = new WeakMap<object, number>()
  const add = (socket: object, count: number) =>
    answering.set(socket, (answering.get(socket) ?? 0) + count)
  return {
    handler(error, socket) {
      if (!socket.destroyed && socket.writable && (answering.get(socket) ?? 0) === 0)
        socket.write(answerTo(error.code))
      socket.destroy()
    },
    watch: (app) => {
      app.server.prependListener('request', ({ socket }, response) => {
        add(socket, 1)
        response.once('close', () => add(socket, -1))
      })
    },
  }
}

/** There is no request, so no path and no request id. */
function answerTo(errorCode: string | undefined): string {
  const code = codes[errorCode ?? ''] ?? 'MALFORMED_REQUEST'
  const [status, detail] = adminErrors[code]
  const body = JSON.stringify({ type: typeOf(code), title: titleOf(code), status, code, detail })
  const headers = { ...bareHeaders, 'content-length': String(body.length), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n')
}
