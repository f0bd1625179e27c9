/** A signing service that signs anything, by the protocol, on HTTP; it can be told to misbehave. @module */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import {
  decodeRequest,
  type ServiceRequest,
  type WireObject,
} from '../../../../src/signers/remote/protocol.ts'
import { encodeAnswer } from '../../../../src/signers/remote/protocol-replies.ts'
import { createSoftwareSigner } from '../../../../src/signers/software-signer.ts'
import { type Algorithm, hexOf, softKey } from '../../crypto/independent.ts'

/** One request as it came, and what would be answered well. */
export type Exchange = {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly body: string
  readonly request: ServiceRequest
  readonly good: WireObject
  /** From 1, since the behaviour was set. */
  readonly count: number
}
/** `well` for what is to be answered well. */
export type Behaviour = (exchange: Exchange) => unknown

export type TestService = {
  readonly url: string
  readonly publicKey: string
  readonly privateKey: Uint8Array
  /** Requests that came, as far as they were read. */
  readonly requests: readonly Exchange[]
  readonly behave: (how: Behaviour | undefined) => void
  /** Connections that are open now. */
  readonly connections: () => number
  /** Connections that were ever opened. */
  readonly opened: () => number
  /** The most requests that were here at the same time. */
  readonly highest: () => number
  /** Closes all connections, and the door; `open` opens it again at the same address. */
  readonly close: () => Promise<void>
  readonly open: () => Promise<void>
} & AsyncDisposable

export type TestServiceOptions = {
  readonly algorithm?: Algorithm
  /** A Unix socket instead of a port. */
  readonly socketPath?: string
  readonly tls?: ServerOptions
}

export async function startService(options: TestServiceOptions = {}): Promise<TestService> {
  const { algorithm = 'ECDSA_secp256k1', socketPath, tls } = options
  const { privateKey, publicKey } = softKey(algorithm)
  const signer = createSoftwareSigner({ algorithm, privateKey })
  const requests: Exchange[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  let here = 0
  let highest = 0
  let behaviour: Behaviour | undefined
  let count = 0
  let port = 0

  async function answerOf(request: ServiceRequest): Promise<WireObject> {
    const known = { key: request.key, publicKey, signatureAlgorithm: algorithm }
    const answer = { ...known, keyId: 'a key in memory', requestId: `r${requests.length + 1}` }
    if (request.operation !== 'sign') return encodeAnswer(answer)
    return encodeAnswer({ ...answer, signature: await signer.sign(request) })
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    here += 1
    highest = Math.max(highest, here)
    response.once('close', () => {
      here -= 1
    })
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const body = String(Buffer.concat(chunks))
    const request = decodeRequest(JSON.parse(body))
    const good = await answerOf(request)
    count += 1
    const exchange = { incoming, response, body, request, good, count }
    requests.push(exchange)
    if (behaviour !== undefined && (await behaviour(exchange)) !== 'well') return
    answerJson(response, good)
  }

  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    handle(incoming, response).catch(() => incoming.socket.destroy())
  }
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    opened += 1
    sockets.add(socket)
    socket.on('error', () => undefined) // resets are what some tests are for
    socket.on('close', () => sockets.delete(socket))
  })
  const open = async () => {
    if (server.listening) return
    if (socketPath === undefined) server.listen(port, '127.0.0.1')
    else server.listen(socketPath)
    await once(server, 'listening')
    // A server on a TCP port has an AddressInfo.
    if (socketPath === undefined) port = (server.address() as AddressInfo).port
  }
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await open()
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    publicKey: hexOf(publicKey),
    privateKey,
    requests,
    behave(how) {
      behaviour = how
      count = 0
    },
    connections: () => sockets.size,
    opened: () => opened,
    highest: () => highest,
    close,
    open,
    [Symbol.asyncDispose]: close,
  }
}

export function answerJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

export const message: Uint8Array = new TextEncoder().encode('a message to the service')
export const request = { message, hashAlgorithm: 'SHA3_256' } as const
