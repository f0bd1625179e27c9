/**
 * A small HTTP proxy that does wrong on purpose: between us and the access node, or us and KMS.
 *
 * ```ts
 * await using proxy = await startFaultProxy({ target: emulator.url })
 * proxy.setFault(({ method, path, index }) =>
 *   method === 'POST' && path === '/v1/transactions' && index === 0
 *     ? { kind: 'lose-reply' }
 *     : undefined,
 * )
 * ```
 *
 * Requests and replies are read whole, 16 MiB at most, so it carries neither streams nor WebSockets.
 * `Host` goes through as the client sent it, since SigV4 signs it.
 * @module
 */

import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the decision about a fault is made on. */
export type ProxiedRequest = {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** From 0, over all requests since the fault was set. */
  readonly index: number
}

type Body = string | Uint8Array
type Headers = Readonly<Record<string, string>>

/** What goes wrong with one request. */
export type Fault =
  /** Waits, then passes the request on. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Resets the connection; the target sees nothing. */
  | { readonly kind: 'reset-before' }
  /** The target answers, and the connection is reset instead of the answer. */
  | { readonly kind: 'lose-reply' }
  /** Ends its side of the connection without an answer; the target sees nothing. */
  | { readonly kind: 'half-close' }
  /** Never answers, until the client leaves or the proxy stops; the target sees nothing. */
  | { readonly kind: 'blackhole' }
  /** Announces the whole reply of the target, sends its first bytes and resets the connection. */
  | { readonly kind: 'truncate'; readonly bytes: number }
  /** Answers itself; the target sees nothing. */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly headers?: Headers
      readonly body: Body
    }
  /** Answers itself with 200; the target sees nothing. */
  | { readonly kind: 'body'; readonly body: Body; readonly headers?: Headers }
  /** Changes the text of the target's reply. */
  | { readonly kind: 'rewrite'; readonly fn: (body: string) => string }

/** `undefined` lets the request through. */
export type Decide = (request: ProxiedRequest) => Fault | undefined

/** A running proxy on 127.0.0.1. */
export type FaultProxy = {
  readonly url: string
  /** How many came, by method and path without query, for example `POST /v1/transactions`. */
  readonly requests: ReadonlyMap<string, number>
  /** How many the target has and has not answered. */
  readonly underWay: () => number
  /** Connections from clients that are open now. */
  readonly connections: () => number
  /** Resolves as soon as no client is connected. */
  readonly idle: () => Promise<void>
  /** Decides on every request from now on; `undefined` lets all through. */
  readonly setFault: (decide: Decide | undefined) => void
  readonly stop: () => Promise<void>
} & AsyncDisposable

const MAX_BODY_BYTES = 16 * 1_048_576
type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Body }

/** @param options - `target`: the URL to forward to; its path is left out. */
export async function startFaultProxy({ target }: { target: string }): Promise<FaultProxy> {
  const requests = new Map<string, number>()
  const sockets = new Set<Socket>()
  const stopping = new AbortController()
  // Ours close first: a request on a connection that the target is about to close would be lost.
  const agent = new Agent({ keepAlive: true, timeout: 1_000 })
  let decide: Decide | undefined
  let index = 0
  let underWay = 0

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers, socket } = incoming
    const body = await read(incoming)
    const name = `${method} ${path.split('?')[0]}`
    requests.set(name, (requests.get(name) ?? 0) + 1)
    const request = { method, path, headers, body, index: index++ }
    const fault = decide?.(request)
    const ask = () => {
      underWay += 1
      return forward(target, agent, request, stopping.signal).finally(() => {
        underWay -= 1
      })
    }
    switch (fault?.kind) {
      case undefined:
        return answer(response, await ask())
      case 'latency':
        await sleep(fault.ms, undefined, { signal: stopping.signal })
        return answer(response, await ask())
      case 'reset-before':
        return void socket.resetAndDestroy()
      case 'lose-reply':
        await ask()
        return void socket.resetAndDestroy()
      case 'half-close':
        return void socket.end()
      case 'blackhole':
        return
      case 'truncate': {
        const { status, headers: sent, body: whole } = await ask()
        response.writeHead(status, { ...kept(sent), 'content-length': Buffer.byteLength(whole) })
        response.write(Buffer.from(whole).subarray(0, fault.bytes), () => socket.resetAndDestroy())
        return
      }
      case 'status':
      case 'body': {
        const status = fault.kind === 'status' ? fault.status : 200
        return answer(response, { status, headers: fault.headers ?? {}, body: fault.body })
      }
      case 'rewrite': {
        // Or the reply might come compressed.
        delete headers['accept-encoding']
        const reply = await ask()
        return answer(response, { ...reply, body: fault.fn(String(reply.body)) })
      }
    }
  }

  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    // The target is gone, or the client: what is left is to close.
    handle(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  const stop = async () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    agent.destroy()
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  }
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    underWay: () => underWay,
    connections: () => sockets.size,
    async idle() {
      for (const socket of sockets) await once(socket, 'close')
    },
    setFault(next) {
      decide = next
      index = 0
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function forward(
  target: string,
  agent: Agent,
  { method, path, headers, body }: ProxiedRequest,
  signal: AbortSignal,
): Promise<Reply> {
  const sent = { ...kept(headers), 'content-length': body.length }
  const outgoing = openRequest(new URL(path, target), { method, headers: sent, agent, signal })
  outgoing.end(body)
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (incoming === undefined) throw new Error('a response event without a response')
  return {
    status: incoming.statusCode ?? 502,
    headers: incoming.headers,
    body: await read(incoming),
  }
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let byteLength = 0
  for await (const chunk of incoming) {
    byteLength += chunk.length
    if (byteLength > MAX_BODY_BYTES) throw new Error('a body of more than 16 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function answer(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...kept(headers), 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

/** Without those of one connection, which Node.js writes itself, and the length, which may change. */
function kept(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const own = ['connection', 'keep-alive', 'transfer-encoding', 'content-length']
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.includes(name)))
}
