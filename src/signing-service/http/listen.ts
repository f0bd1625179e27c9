/** The door by HTTP: a port, or a Unix socket. @module */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { TLSSocket } from 'node:tls'
import { SignerError } from '../../errors.ts'
import { assertKnownKeys, assertTimeout } from '../../options.ts'
import type { ServiceResult, SigningService } from '../service.ts'
import { type BodyRoom, createBodyRoom, dropBody, readBody } from './body.ts'
import { headFault, parseBody, replyHeaders } from './head.ts'
import { bindPrivately, listening } from './unix-socket.ts'

/** Where a service listens. */
export type ListenOptions = {
  /** 0 takes a free one. Either this or `socketPath`. */
  readonly port?: number
  /** Default 127.0.0.1. Another than loopback needs `tls`, or `allowPlainHttp`. */
  readonly host?: string
  /** A Unix socket of mode 0600: who may open it, may ask. At most 85 bytes. */
  readonly socketPath?: string
  /** PEM texts. With `ca`, only clients whose certificate it has signed are let in. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string }
  /** For a host behind a proxy of your own that does TLS. Default false. */
  readonly allowPlainHttp?: boolean
  /** The only one that is answered. Default `/`. */
  readonly path?: string
  /** Connections at once; more are closed. Default 512. */
  readonly maxConnections?: number
  /** Milliseconds for a whole request to arrive, head and body. Default 10,000. */
  readonly receiveTimeoutMs?: number
  /** Milliseconds after which a silent connection is closed. Default 60,000. */
  readonly idleTimeoutMs?: number
}

/** A server that answers. Write `await using door = …`. */
export type ServiceDoor = {
  /** `http://127.0.0.1:4000/`, or of a socket its path. */
  readonly address: string
  /** Lets nobody in, waits up to 10 seconds for what is under way, then ends it. */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const known = [
  'port',
  'host',
  'socketPath',
  'tls',
  'allowPlainHttp',
  'path',
  'maxConnections',
  'receiveTimeoutMs',
  'idleTimeoutMs',
]

/** Of bodies under way, in bytes. */
const BODY_ROOM = 64 * 1_048_576

const CLOSE_MS = 10_000

/**
 * Only `POST` on one path is answered, and only by JSON. Bodies are bounded in bytes, and heads,
 * bodies and silence in time, so that slow clients keep nothing.
 *
 * @throws {SignerError} `INVALID_OPTION`. What Node.js says where it may not listen.
 */
export async function listen(
  service: SigningService,
  options: ListenOptions,
): Promise<ServiceDoor> {
  assertKnownKeys(options, known)
  const { socketPath, tls, path = '/', maxConnections = 512 } = options
  const { receiveTimeoutMs = 10_000, idleTimeoutMs = 60_000 } = options
  const { port, host = '127.0.0.1' } = options
  assertPlace(options)
  assertTimeout('receiveTimeoutMs', receiveTimeoutMs)
  assertTimeout('idleTimeoutMs', idleTimeoutMs)
  if (typeof path !== 'string' || !/^\/[\w./-]*$/.test(path))
    throw invalid('path', 'it is not / and letters, digits and ._/-')
  if (!Number.isInteger(maxConnections) || maxConnections < 1)
    throw invalid('maxConnections', 'it is not a whole number from 1')
  const room = createBodyRoom(BODY_ROOM)
  const limits = {
    requestTimeout: receiveTimeoutMs,
    headersTimeout: receiveTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, receiveTimeoutMs),
    maxHeaderSize: 16_384,
    handshakeTimeout: receiveTimeoutMs,
  }
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    answer(service, path, room, request, response).catch(() => request.destroy())
  }
  const server =
    tls === undefined ? createServer(limits, onRequest) : secure(tls, limits, onRequest)
  server.maxConnections = maxConnections
  server.timeout = 0 // an answer may take its time; a request may not
  const binding =
    socketPath === undefined
      ? listening(server, { port: port ?? 0, host })
      : bindPrivately(socketPath, (hidden) => listening(server, { path: hidden }))
  const forget = await binding.catch((thrown: unknown) => {
    server.close(() => undefined) // a socket may have been bound, and not got its name
    throw thrown
  })
  const close = () => closeServer(server, forget ?? (async () => undefined))
  const address = socketPath ?? urlOf(server, host, tls !== undefined, path)
  return Object.freeze({ address, close, [Symbol.asyncDispose]: close })
}

function assertPlace({ port, socketPath, tls, host, allowPlainHttp = false }: ListenOptions): void {
  if ((port === undefined) === (socketPath === undefined))
    throw invalid('port', 'either port or socketPath is needed')
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535))
    throw invalid('port', 'it is not a whole number from 0 to 65535')
  if (socketPath !== undefined && (typeof socketPath !== 'string' || !socketPath.startsWith('/')))
    throw invalid('socketPath', 'it is not an absolute path')
  if (socketPath !== undefined && (host !== undefined || tls !== undefined))
    throw invalid('socketPath', 'it stands beside host or tls, which are of a port')
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    throw invalid('host', 'it is not a name or an address')
  const isLoopback = host === undefined || /^(127(\.\d+){3}|::1|localhost)$/.test(host)
  if (!isLoopback && tls === undefined && allowPlainHttp !== true)
    throw invalid(
      'host',
      'it is not loopback, so anybody on the way could read and change: pass tls',
    )
  if (tls !== undefined) assertKnownKeys(tls, ['cert', 'key', 'ca'])
}

function secure(
  { cert, key, ca }: NonNullable<ListenOptions['tls']>,
  limits: object,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const clients = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true }
  try {
    return createTlsServer({ ...limits, cert, key, ...clients, minVersion: 'TLSv1.2' }, onRequest)
  } catch (cause) {
    throw new SignerError('INVALID_OPTION', { option: 'tls', reason: 'it is not PEM' }, { cause })
  }
}

async function answer(
  service: SigningService,
  path: string,
  room: BodyRoom,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the caller is gone'))
  })
  const call = { signal: gone.signal, ...callerOf(request) }
  const { method, url, headers } = request
  const fault = headFault({ method, path: url, headers }, path)
  if (fault !== undefined) {
    await dropBody(request)
    return reply(response, { ...service.refuse(fault.error, call), status: fault.status })
  }
  let byteLength = 0
  try {
    const body = await readBody(request, room)
    byteLength = body.length
    reply(response, await service.handle(parseBody(body), call))
  } catch (error) {
    reply(response, service.refuse(error, call))
  } finally {
    room.give(byteLength)
  }
}

function reply(response: ServerResponse, { status, body }: ServiceResult): void {
  if (response.destroyed) return
  const text = JSON.stringify(body)
  const more = status === 405 ? { allow: 'POST' } : {}
  const byteLength = { 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { ...replyHeaders, ...byteLength, ...more })
  response.end(text)
}

/** The name in the certificate that the CA of the service has signed, or its digest. */
function callerOf({ socket }: IncomingMessage): { readonly caller?: string } {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return {}
  const { subject, fingerprint256 } = socket.getPeerCertificate()
  const name: unknown = subject?.CN // of several it is a list
  const caller = typeof name === 'string' ? `CN=${name}` : `SHA256=${fingerprint256}`
  return { caller: caller.slice(0, 512) }
}

function urlOf(server: Server, host: string, isTls: boolean, path: string): string {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const name = host.includes(':') ? `[${host}]` : host
  return `http${isTls ? 's' : ''}://${name}:${port}${path}`
}

async function closeServer(server: Server, forget: () => Promise<void>): Promise<void> {
  await forget()
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
