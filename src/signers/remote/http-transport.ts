/** HTTP to a URL or a Unix socket: one POST, one reply, no redirect, no compression. @module */

import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request } from 'node:http'
import { Agent as HttpsAgent, request as secureRequest } from 'node:https'
import { type CallQueue, createCallQueue } from '../call-queue.ts'
import { limitError } from '../own-limits.ts'
import { faultError, notReply, replyTooLarge } from './failures.ts'
import { CONTENT_TYPE, MAX_REPLY_BYTES } from './protocol.ts'
import type { RemoteTransport, TransportReply } from './transport.ts'

/** What a client certificate is made of, and whom to trust. All in PEM. */
export type RemoteSignerTls = {
  /** The client certificate, with those between it and its root. */
  readonly cert?: string | Buffer
  /** Its private key. Only the TLS library sees it. */
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** Who signed the certificate of the service. Default: the authorities that Node.js trusts. */
  readonly ca?: string | Buffer
  /** The name in the certificate of the service. Default: the host of the URL. */
  readonly servername?: string
}

/** Where to. */
export type HttpTarget =
  | { readonly url: URL; readonly tls?: RemoteSignerTls | undefined }
  | { readonly socketPath: string }

/** How. */
export type HttpTransportOptions = {
  readonly target: HttpTarget
  readonly maxSockets: number
  readonly connectionTimeoutMs: number
  /** Headers that show who asks, made for this body. */
  readonly authorize?: (
    body: Uint8Array,
    options: { readonly signal: AbortSignal; readonly freshCredentials: boolean },
  ) => Promise<Readonly<Record<string, string>>>
}

/** Sockets that nobody uses are closed before a NAT gateway would forget them. */
const IDLE_MS = 30_000

export function createHttpTransport(options: HttpTransportOptions): RemoteTransport {
  const { target, maxSockets, connectionTimeoutMs, authorize } = options
  const { agent, queue } = lineTo(target, maxSockets)
  const open = () => ('url' in target && target.url.protocol === 'https:' ? secureRequest : request)
  const where =
    'url' in target
      ? {
          hostname: target.url.hostname.replace(/^\[|\]$/g, ''), // of an IPv6 address
          port: target.url.port,
          path: target.url.pathname,
        }
      : { socketPath: target.socketPath, path: '/' }
  const common = {
    host: 'url' in target ? target.url.host : 'localhost',
    'content-type': CONTENT_TYPE,
    accept: CONTENT_TYPE,
    'accept-encoding': 'identity',
    'user-agent': 'fcl-kms',
  }

  return Object.freeze({
    target: 'url' in target ? target.url.host : `unix:${encodeURI(target.socketPath)}`,
    queue: async () => queue,
    async send(body, { signal, freshCredentials }) {
      const shown = await authorize?.(body, { signal, freshCredentials })
      signal.throwIfAborted()
      const headers = { ...common, ...shown, 'content-length': body.length }
      const outgoing = open()({ ...where, method: 'POST', headers, agent, signal })
      return exchange(outgoing, body, connectionTimeoutMs)
    },
  } satisfies RemoteTransport)
}

/**
 * @param connectionTimeoutMs - Left out where whoever makes the connection bounds it.
 * @returns The reply, up to the bound of the protocol. Rejects with what Node.js says, or a fault.
 */
export function exchange(
  outgoing: ClientRequest,
  body: Uint8Array,
  connectionTimeoutMs?: number,
): Promise<TransportReply> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      read(incoming).then(resolve, reject)
    })
    outgoing.once('upgrade', (_response, socket) => {
      socket.destroy()
      reject(faultError(notReply('it changes to another protocol')))
    })
    // Also after the reply: a service that refuses a long body may not read it to its end.
    outgoing.on('error', (error) => {
      reject(outgoing.reusedSocket ? Object.assign(error, { wasReused: true }) : error)
    })
    if (connectionTimeoutMs !== undefined) boundConnection(outgoing, connectionTimeoutMs)
    outgoing.end(body)
  })
}

/** A new socket is ready when it is connected, and for TLS when the handshake is done. */
function boundConnection(outgoing: ClientRequest, timeoutMs: number): void {
  const give = () => outgoing.destroy(limitError('connectionTimeoutMs'))
  const timer = setTimeout(give, timeoutMs)
  const stop = () => clearTimeout(timer)
  outgoing.once('close', stop)
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket) stop()
    else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', stop)
  })
}

async function read(incoming: IncomingMessage): Promise<TransportReply> {
  const { statusCode: status = 0, headers } = incoming
  const chunks: Uint8Array[] = []
  let byteLength = Number(headers['content-length'] ?? 0)
  try {
    if (byteLength > MAX_REPLY_BYTES) throw replyTooLarge()
    byteLength = 0
    for await (const chunk of incoming) {
      byteLength += chunk.length
      if (byteLength > MAX_REPLY_BYTES) throw replyTooLarge()
      chunks.push(chunk)
    }
    return { status, headers, body: Buffer.concat(chunks) }
  } finally {
    if (!incoming.complete) incoming.destroy() // and its socket, however much is still to come
  }
}

type Line = { readonly agent: HttpAgent; readonly queue: CallQueue }

// By the certificate that a connection shows, then by where it goes: signers of several keys of one
// service share its sockets.
const lines = new WeakMap<object, Map<string, Line>>()
const withoutTls = {}

function lineTo(target: HttpTarget, maxSockets: number): Line {
  const tls = 'url' in target ? target.tls : undefined
  const known = lines.get(tls ?? withoutTls) ?? new Map<string, Line>()
  lines.set(tls ?? withoutTls, known)
  const name = `${'url' in target ? target.url.origin : target.socketPath} ${maxSockets}`
  const line = known.get(name) ?? makeLine(target, maxSockets)
  known.set(name, line)
  return line
}

function makeLine(target: HttpTarget, maxSockets: number): Line {
  // Node.js lets the process end while sockets of an agent are idle.
  const pooled = { keepAlive: true, maxSockets, timeout: IDLE_MS, scheduling: 'lifo' } as const
  const isSecure = 'url' in target && target.url.protocol === 'https:'
  const agent = isSecure
    ? new HttpsAgent({ ...pooled, ...target.tls, minVersion: 'TLSv1.2', rejectUnauthorized: true })
    : new HttpAgent(pooled)
  return { agent, queue: createCallQueue(() => maxSockets) }
}
