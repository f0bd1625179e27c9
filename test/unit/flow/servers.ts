/** Small servers on this machine that behave badly. @module */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net'

/** A server and what it saw. */
export type BadServer = {
  readonly url: string
  readonly requests: readonly string[]
  readonly connections: () => number
  /** Of them. */
  readonly closed: () => number
} & AsyncDisposable

/** @param answer - Gets the number of the request, from 1. */
export async function startServer(
  answer: (response: ServerResponse, count: number, request: IncomingMessage) => void,
): Promise<BadServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(response, requests.length, request)
  })
  return listening(server, requests)
}

/** Answers each request with a body as JSON, or with the text as it is. */
export const startAnswering = (body: unknown, status = 200): Promise<BadServer> =>
  startServer((response) => {
    response.statusCode = status
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })

/** Below HTTP. */
export async function startSocketServer(handle: (socket: Socket) => void): Promise<BadServer> {
  const requests: string[] = []
  const server = createNetServer((socket) => {
    socket.on('error', () => undefined) // resets are what these servers are for
    socket.on('data', (data) => requests.push(String(data).split('\r\n')[0] ?? ''))
    handle(socket)
  })
  return listening(server, requests)
}

async function listening(
  server: Server | ReturnType<typeof createNetServer>,
  requests: readonly string[],
): Promise<BadServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  let closed = 0
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => {
      closed += 1
      sockets.delete(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server on a TCP port has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    connections: () => connections,
    closed: () => closed,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * Tells the limit that was set from none, and from the defaults of ten seconds. A busy machine may be
 * late by seconds: how exactly a limit is kept is for the bench.
 */
export const inTime = (totalMs: number): number => totalMs + 5_000

/** What the promise rejects with, and after how many milliseconds. */
export async function rejectionOf(
  promise: Promise<unknown>,
): Promise<{ readonly error: unknown; readonly elapsedMs: number }> {
  const started = performance.now()
  try {
    await promise
  } catch (error) {
    return { error, elapsedMs: performance.now() - started }
  }
  throw new Error('it resolved')
}
