/** The door for whoever runs the enclave: to make its keys, and to ask how it is. @module */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isSignerError, SignerError } from 'fcl-kms'
import { parseStrictJson } from '../../../src/policy/strict-json.ts'
import { bindPrivately, listening } from '../../../src/signing-service/http/unix-socket.ts'
import { faultOf } from './health.ts'

const MAX_BODY_BYTES = 4_096
const RECEIVE_MS = 5_000

/** What a path does with its question, the version taken off. */
export type ControlPath = {
  /** Besides `version`. */
  readonly fields: readonly string[]
  readonly answer: (question: Readonly<Record<string, unknown>>) => object | Promise<object>
}

/**
 * Takes `POST` with JSON of version 1 and no unknown field.
 *
 * @returns Closes it. Rejects with what Node.js says where it may not listen.
 */
export async function openControlDoor(
  socketPath: string,
  paths: Readonly<Record<string, ControlPath>>,
): Promise<() => Promise<void>> {
  const limits = {
    ...{ requestTimeout: RECEIVE_MS, headersTimeout: RECEIVE_MS, maxHeaderSize: 8_192 },
    ...{ connectionsCheckingInterval: 1_000, keepAliveTimeout: 60_000 },
  }
  const server = createServer(limits, (request, response) => {
    answer(request, paths)
      .catch((thrown: unknown) => refusalOf(thrown))
      .then((reply) => send(response, reply))
      .catch(() => request.destroy())
  })
  server.maxConnections = 32
  await bindPrivately(socketPath, (path) => listening(server, { path }))
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

type Reply = { readonly status: number; readonly body: object }

async function answer(
  request: IncomingMessage,
  paths: Readonly<Record<string, ControlPath>>,
): Promise<Reply> {
  const path = new Map(Object.entries(paths)).get(request.url ?? '')
  if (path === undefined || request.method !== 'POST') throw malformed('there is no such door')
  const body = await readBody(request)
  const parsed = parseStrictJson(body)
  if (parsed.reason !== undefined) throw malformed(parsed.reason)
  const { value } = parsed
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('it is not an object')
  const { version, ...question }: Record<string, unknown> = { ...value }
  if (version !== 1) throw malformed('its version is not 1')
  if (!Object.keys(question).every((name) => path.fields.includes(name)))
    throw malformed('it has a field that is unknown')
  return { status: 200, body: await path.answer(question) }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let byteLength = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    byteLength += chunk.length
    if (byteLength > MAX_BODY_BYTES) throw malformed(`it has more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const malformed = (reason: string) => new SignerError('SIGNING_REQUEST_MALFORMED', { reason })

const statuses = { retry: 503, hold: 503, refuse: 403, fail: 400 } as const

function refusalOf(thrown: unknown): Reply {
  const status = isSignerError(thrown) ? statuses[thrown.disposition] : 500
  return { status, body: { error: faultOf(thrown) } }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  if (response.destroyed) return
  const text = JSON.stringify(body)
  const close = status === 200 ? {} : { connection: 'close' }
  response.writeHead(status, {
    ...{ 'content-type': 'application/json', 'cache-control': 'no-store', ...close },
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
