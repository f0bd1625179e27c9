/** The HTTP base with two sample routes, and raw connections to it. @module */

import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Type } from 'typebox'
import type { Principal } from '../../../../examples/admin-server/src/access/principal.ts'
import { AdminError } from '../../../../examples/admin-server/src/errors.ts'
import type { Access } from '../../../../examples/admin-server/src/http/context.ts'
import {
  createHttpServer,
  type HttpServerOptions,
  LARGE_BODY_LIMIT,
} from '../../../../examples/admin-server/src/http/server.ts'
import type { Answer } from './bad-inputs.ts'

/** The only token that the sample server takes. */
export const token = `fka_${'a'.repeat(43)}`

const closed = { additionalProperties: false } as const
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const mintBody = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          recipient: Type.String({ pattern: '^0x[0-9a-f]{16}$' }),
          name: text(200),
          description: text(1_000),
          thumbnail: text(1_000),
          edition: Type.Optional(Type.Object({ number: Type.Integer({ minimum: 1 }) }, closed)),
          traits: Type.Optional(Type.Record(Type.String(), text(100))),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1_000 },
    ),
  },
  closed,
)
const listQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    search: Type.Optional(text(100)),
  },
  closed,
)
const idempotency = Type.Object({ 'idempotency-key': Type.String({ pattern: '^[!-~]{1,255}$' }) })
const idParams = Type.Object({ id: Type.String({ pattern: '^rq_[0-9a-f]{32}$' }) }, closed)

/** As the real ones look from outside. */
export function sampleRoutes(app: FastifyInstance): void {
  const config = { auth: { roles: ['requester'] } } as const
  const tags = ['mints']
  app.post(
    '/v1/mints',
    { config, bodyLimit: LARGE_BODY_LIMIT, schema: { tags, body: mintBody, headers: idempotency } },
    async (_request, reply) => reply.status(202).send({ id: `rq_${'0'.repeat(32)}` }),
  )
  app.get('/v1/mints', { config, schema: { tags, querystring: listQuery } }, async (request) => ({
    query: request.query,
  }))
  app.get('/v1/mints/:id', { config, schema: { tags, params: idParams } }, async (request) => ({
    id: request.id,
    caller: request.principal?.name,
  }))
}

export const alice: Principal = {
  name: 'alice',
  roles: new Set(['requester']),
  via: 'token',
  credentialId: 'token-1',
}

/** Lets everything in that carries the token. */
export const openAccess: Access = {
  guardNetwork: (peer) => peer,
  takeTurn: () => ({ allowed: true, retryAfterSeconds: 0 }),
  authenticate: async ({ headers }) => {
    if (headers.authorization === `Bearer ${token}`) return alice
    throw new AdminError('UNAUTHENTICATED')
  },
}

/** As many as a test opens. */
export const manySockets = {
  maxConnections: 100,
  maxConnectionsPerAddress: 100,
  trustedProxies: [],
} as const

/** Not started; `log` receives the lines. */
export function sampleServer(
  options: Partial<HttpServerOptions> = {},
  log: string[] = [],
): FastifyInstance {
  return createHttpServer({
    config: { publicUrl: 'https://mint.example.com', ...manySockets },
    log: pino({ level: 'debug' }, { write: (line: string) => log.push(line) }),
    access: openAccess,
    version: '1.2.3',
    register: sampleRoutes,
    ...options,
  })
}

/** What came back on one connection. */
export type Reply = { readonly answer: Answer | 'nothing'; readonly text: string }

/** Sends bytes and waits for the first answer, the end of the connection, or the deadline. */
export async function exchange(port: number, bytes: Buffer, deadlineMs: number): Promise<Reply> {
  const socket = connect({ port, host: '127.0.0.1' })
  let received = ''
  const status = () => /^HTTP\/1\.1 (\d{3}) /.exec(received)?.[1]
  const bodyless = bytes.subarray(0, 5).toString() === 'HEAD '
  const answer = await new Promise<Reply['answer']>((resolve) => {
    const timer = setTimeout(() => resolve('nothing'), deadlineMs)
    socket.on('data', (data) => {
      received += data.toString('latin1')
      if (isWhole(received, bodyless)) resolve(Number(status()))
    })
    socket.on('error', () => undefined) // a refused sender may be reset while it still sends
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(status() === undefined ? 'closed' : Number(status()))
    })
    socket.write(bytes)
  })
  socket.destroy()
  return { answer, text: received }
}

function isWhole(received: string, bodyless: boolean): boolean {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return false
  if (bodyless) return true
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, end + 2))?.[1] ?? 0)
  return received.length >= end + 4 + length
}

/** Listens on a free port of this machine. */
export async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  if (!app.server.listening) await once(app.server, 'listening')
  // A TCP server's address is not a path.
  return (app.server.address() as AddressInfo).port
}
