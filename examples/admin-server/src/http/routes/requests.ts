/** Asking for transactions. @module */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { roles } from '../../access/principal.ts'
import { AdminError } from '../../errors.ts'
import { readRequest } from '../../requests/read.ts'
import { viewRequest } from '../../requests/view.ts'
import { anyRole, principalOf } from '../context.ts'

import { idempotencyHeader, mintBody, requestBody } from '../schemas/asking.ts'
import { functionList, requestSchema } from '../schemas/requests.ts'
import { LARGE_BODY_LIMIT } from '../server.ts'
import type { RouteContext } from './context.ts'
import { requestReadRoutes } from './request-reads.ts'

type Mints = { Body: Static<typeof mintBody> }
type Requests = { Body: Static<typeof requestBody> }

/** Who may ask is a rule of each function; who may see is decided by request. */
const auth = anyRole

/** `/v1/mints` and `/v1/requests`: the same, the first for one function. */
export function requestRoutes(app: FastifyInstance, context: RouteContext): void {
  const { accept, registry } = context

  async function take(
    request: FastifyRequest,
    reply: FastifyReply,
    functionName: string,
    body: { readonly items: readonly unknown[]; readonly webhookUrl?: string },
    path: string,
  ) {
    const principal = principalOf(request)
    const idempotencyKey = keyOf(request)
    const asked = { ...body, functionName, idempotencyKey }
    const { row, created } = await accept(principal, asked)
    // What has just been made has no approvals; what was made before may have.
    const view = created
      ? viewRequest(row, [], {
          registry,
          principal,
          keys: context.accountKeys.last(),
          now: row.createdAt.getTime(),
        })
      : await readRequest(context, principal, row)
    if (created) context.metrics.onRequest(functionName)
    else reply.header('idempotent-replayed', 'true')
    return reply.code(202).header('location', `${path}/${row.id}`).send(view)
  }

  const mintRoles = registry.byName('mint')?.rules.roles ?? (['requester'] as const)
  app.post<Mints>(
    '/v1/mints',
    {
      bodyLimit: LARGE_BODY_LIMIT,
      config: { auth: { roles: mintRoles } },
      schema: {
        tags: ['mints'],
        summary: 'Ask for NFTs to be minted',
        operationId: 'createMint',
        headers: idempotencyHeader,
        body: mintBody,
        response: { 202: requestSchema },
      },
    },
    (request, reply) => take(request, reply, 'mint', request.body, '/v1/mints'),
  )
  // Whoever no function is for is told so before two megabytes are read.
  const askers = roles.filter((role) =>
    registry.all.some(({ rules }) => rules.roles.includes(role)),
  )
  app.post<Requests>(
    '/v1/requests',
    {
      bodyLimit: LARGE_BODY_LIMIT,
      config: { auth: { roles: askers } },
      schema: {
        tags: ['requests'],
        summary: 'Ask for a transaction of any function',
        operationId: 'createRequest',
        headers: idempotencyHeader,
        body: requestBody,
        response: { 202: requestSchema },
      },
    },
    (request, reply) => {
      const { function: name, ...body } = request.body
      return take(request, reply, name, body, '/v1/requests')
    },
  )
  app.get(
    '/v1/functions',
    {
      config: { auth },
      schema: {
        tags: ['requests'],
        summary: 'What may be asked for',
        operationId: 'listFunctions',
        response: { 200: functionList },
      },
    },
    async () => ({
      functions: registry.all.map(({ template, rules }) => ({
        name: template.name,
        title: template.title,
        inputSchema: template.input,
        maxItems: template.maxItems,
        roles: [...rules.roles],
      })),
    }),
  )
  requestReadRoutes(app, context, '/v1/mints', 'mint')
  requestReadRoutes(app, context, '/v1/requests')
}

/** @throws {AdminError} `IDEMPOTENCY_KEY_REQUIRED`. */
function keyOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new AdminError('IDEMPOTENCY_KEY_REQUIRED')
  return key
}
