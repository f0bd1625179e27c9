/** A Unix socket that answers short questions in JSON: what the enclave asks its parent. @module */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { signerErrorTable } from '../../error-codes.ts'
import { SignerError } from '../../errors.ts'
import { createBodyRoom, dropBody, readBody } from '../../signing-service/http/body.ts'
import { headFault, parseBody, replyHeaders } from '../../signing-service/http/head.ts'
import { asSignerError } from '../../signing-service/refusal.ts'
import { bindServer, type UnixDoor } from './unix-door.ts'

/** Plain data of a JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Answers one kind of question. What it throws is told by its code alone. */
export type JsonRoute = (asked: JsonObject, signal: AbortSignal) => Promise<JsonObject>

/** Of a question and of its answer, in bytes. */
export const MAX_JSON_BYTES = 65_536
const RECEIVE_MS = 10_000
const IDLE_MS = 60_000

/**
 * POST and JSON only. The other end is measured code, and still has no more sockets, bytes and time
 * than this.
 *
 * @param routes - By path.
 * @param onFailure - Told of each error that was answered.
 * @throws {SignerError} `INVALID_OPTION` for a path that is taken.
 */
export async function openJsonDoor(options: {
  readonly socketPath: string
  readonly routes: Readonly<Record<string, JsonRoute>>
  readonly maxConnections: number
  readonly onFailure: (path: string, error: SignerError) => void
}): Promise<UnixDoor> {
  const { socketPath, routes, maxConnections, onFailure } = options
  const room = createBodyRoom(maxConnections * MAX_JSON_BYTES)
  const limits = {
    requestTimeout: RECEIVE_MS,
    headersTimeout: RECEIVE_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16_384,
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the enclave is gone')))
    const { method, url = '', headers } = request
    const route = Object.hasOwn(routes, url) ? routes[url] : undefined
    const place = route === undefined ? 'no such path' : url
    const refuse = (error: SignerError, status = statusOf(error)) => {
      onFailure(place, error)
      reply(response, status, bodyOf(error))
    }
    const fault = headFault({ method, headers, path: url }, route === undefined ? '' : url)
    if (fault !== undefined || route === undefined) {
      await dropBody(request)
      return refuse(fault?.error ?? nothingHere(), fault?.status ?? 404)
    }
    let byteLength = 0
    try {
      const body = await readBody(request, room, MAX_JSON_BYTES)
      byteLength = body.length
      const text = JSON.stringify(await route(assertVersion(parseBody(body)), gone.signal))
      if (text.length > MAX_JSON_BYTES) throw answerTooLong()
      reply(response, 200, text)
    } catch (thrown) {
      refuse(asSignerError(thrown))
    } finally {
      room.give(byteLength)
    }
  }

  const server = createServer(limits, (request, response) => {
    answer(request, response).catch(() => request.destroy())
  })
  server.maxConnections = maxConnections
  server.timeout = 0 // a store may take its time, and its step has a bound
  return bindServer(server, socketPath, () => server.closeAllConnections())
}

function reply(response: ServerResponse, status: number, text: string): void {
  if (response.destroyed) return
  const length = { 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { ...replyHeaders, ...length })
  response.end(text)
}

/** Of what waiting may mend, of a mistake of the enclave, and of what somebody has to mend here. */
function statusOf({ code, disposition }: SignerError): number {
  if (code === 'SIGNING_SERVICE_FAILED') return 500 // something that is no error of this package
  if (code === 'SIGNING_REQUEST_TOO_LARGE') return 413
  return { retry: 503, hold: 403, refuse: 403, fail: 400 }[disposition]
}

/** The facts of an error can hold names of this machine, which are none of the enclave's business. */
function bodyOf({ code }: SignerError): string {
  const isKnown = Object.hasOwn(signerErrorTable, code) // one of a store of the user's own may not be
  const message = isKnown ? signerErrorTable[code][1] : 'It failed.'
  return JSON.stringify({ error: { code, message } })
}

function assertVersion(asked: unknown): JsonObject {
  const isObject = typeof asked === 'object' && asked !== null && !Array.isArray(asked)
  const { version, ...rest }: Record<string, unknown> = isObject ? { ...asked } : {}
  if (version !== 1) throw malformed('version is not 1')
  return rest
}

/** @param reason - Quotes nothing of the question. */
export const malformed = (reason: string): SignerError =>
  new SignerError('SIGNING_REQUEST_MALFORMED', { reason })

const nothingHere = () => malformed('there is no such path')

const answerTooLong = () => new SignerError('STORE_ANSWER_INVALID', { operation: 'list' })
