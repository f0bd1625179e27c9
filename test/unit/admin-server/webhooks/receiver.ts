/** Receivers on loopback that note what they get. @module */

import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TestCertificate } from './certificate.ts'

/** One request, whole. */
export type Received = {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Of the TLS handshake. */
  readonly serverName: string | undefined
}

/** What to do with the request that came as number `index`, from 0. */
export type Answer = (response: ServerResponse, index: number) => void

/** Write `await using receiver = …`. */
export type Receiver = {
  /** `http://127.0.0.1:port`, or `https://`. */
  readonly origin: string
  readonly port: number
  readonly received: readonly Received[]
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Answers 204 unless told otherwise. */
export async function startReceiver(
  answer: Answer = (response) => void response.writeHead(204).end(),
  certificate?: TestCertificate,
): Promise<Receiver> {
  const received: Received[] = []
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer) // no encoding was set
    } catch {
      return // the sender went away
    }
    const { method, url, headers } = request
    const body = Buffer.concat(chunks).toString()
    const { socket } = request
    const name = socket instanceof TLSSocket && 'servername' in socket ? socket.servername : ''
    const serverName = typeof name === 'string' && name !== '' ? name : undefined
    answer(response, received.push({ method, url, headers, body, serverName }) - 1)
  }
  const server = certificate
    ? createSecureServer({ ...certificate }, listener)
    : createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    origin: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** @returns An answer that never comes to its end: a byte every 20 ms, until the sender goes. */
export const dripping =
  (status: number): Answer =>
  (response) => {
    response.writeHead(status)
    const timer = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(timer))
  }
