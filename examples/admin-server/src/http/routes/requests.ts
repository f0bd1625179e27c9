/** Asking for transactions, and reading what was asked for. @module */

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { AdminError } from '../../errors.ts'
import { cancelRequest } from '../../requests/cancel.ts'
import { contentOf } from '../../requests/content.ts'
import { readHistory } from '../../requests/history.ts'
import { listRequests, readItems, readRequest, readRequestRow } from '../../requests/read.ts'
import { viewRequest } from '../../requests/view.ts'
import { anyRole, principalOf } from '../context.ts'

import {
  cancelBody,
  contentSchema,
  functionList,
  idempotencyHeader,
  idParameters,
  itemList,
  listQuery,
  mintBody,
  pageQuery,
  requestBody,
  requestDetail,
  requestList,
  requestSchema,
} from '../schemas.ts'
import { LARGE_BODY_LIMIT } from '../server.ts'
import type { RouteContext } from './context.ts'

type Mints = { Body: Static<typeof mintBody> }
type Requests = { Body: Static<typeof requestBody> }
type List = { Querystring: Static<typeof listQuery> }
type One = { Params: Static<typeof idParameters> }
type Page = One & { Querystring: Static<typeof pageQuery> }
type Cancel = One & { Body: Static<typeof cancelBody> }

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

  app.post<Mints>(
    '/v1/mints',
    {
      bodyLimit: LARGE_BODY_LIMIT,
      config: { auth: { roles: ['requester'] } },
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
  app.post<Requests>(
    '/v1/requests',
    {
      bodyLimit: LARGE_BODY_LIMIT,
      config: { auth },
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
  readRoutes(app, context, '/v1/mints', 'mint')
  readRoutes(app, context, '/v1/requests')
}

/** @param only - The one function whose requests are shown. */
function readRoutes(
  app: FastifyInstance,
  context: RouteContext,
  path: '/v1/mints' | '/v1/requests',
  only?: string,
): void {
  const isMint = only !== undefined
  const tags = [isMint ? 'mints' : 'requests']
  const noun = isMint ? 'Mint' : 'Request'
  const rowOf = (request: FastifyRequest<One>) =>
    readRequestRow(context, principalOf(request), request.params.id, only)

  app.get<List>(
    path,
    {
      config: { auth },
      schema: {
        tags,
        summary: `List ${isMint ? 'mints' : 'requests'}`,
        operationId: `list${noun}s`,
        querystring: listQuery,
        response: { 200: requestList },
      },
    },
    async (request) => {
      const { function: named, limit = 50, ...query } = request.query
      const functionName = only ?? named
      const narrowed = functionName === undefined ? {} : { functionName }
      return listRequests(context, principalOf(request), { ...query, ...narrowed, limit })
    },
  )
  app.get<One>(
    `${path}/:id`,
    {
      config: { auth },
      schema: {
        tags,
        summary: 'Read one, with all that happened to it',
        operationId: `read${noun}`,
        params: idParameters,
        response: { 200: requestDetail },
      },
    },
    async (request) => {
      const row = await rowOf(request)
      const [view, history] = await Promise.all([
        readRequest(context, principalOf(request), row),
        readHistory(context, row.id),
      ])
      return { ...view, ...history }
    },
  )
  app.get<Page>(
    `${path}/:id/items`,
    {
      config: { auth },
      schema: {
        tags,
        summary: 'Its items',
        operationId: `list${noun}Items`,
        params: idParameters,
        querystring: pageQuery,
        response: { 200: itemList },
      },
    },
    async (request) => {
      const row = await rowOf(request)
      const { after = -1, limit = 100 } = request.query
      const found = await readItems(context, row.id, { after, limit: limit + 1 })
      const items = found.slice(0, limit).map(({ errorCode, reason, arguments: _, ...item }) => ({
        ...item,
        error: errorCode === null ? null : { code: errorCode, detail: reason ?? '' },
      }))
      return { items, next: found.length > limit ? (items.at(-1)?.index ?? null) : null }
    },
  )
  app.get<Page>(
    `${path}/:id/content`,
    {
      config: { auth },
      schema: {
        tags,
        summary: 'What will be signed, in plain words and in full',
        operationId: `read${noun}Content`,
        params: idParameters,
        querystring: pageQuery,
        response: { 200: contentSchema },
      },
    },
    async (request) => {
      const row = await rowOf(request)
      const { after = -1, limit = 50 } = request.query
      return contentOf(context, row, { after, limit })
    },
  )
  app.post<Cancel>(
    `${path}/:id/cancel`,
    {
      config: { auth },
      schema: {
        tags,
        summary: 'Cancel what is not decided yet',
        operationId: `cancel${noun}`,
        params: idParameters,
        body: cancelBody,
        response: { 200: requestSchema },
      },
    },
    async (request) => {
      const principal = principalOf(request)
      const { id } = await rowOf(request)
      const reason = request.body?.reason ?? ''
      await cancelRequest(context, context.relay, principal, id, reason)
      return readRequest(context, principal, await rowOf(request))
    },
  )
}

/** @throws {AdminError} `IDEMPOTENCY_KEY_REQUIRED`. */
function keyOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new AdminError('IDEMPOTENCY_KEY_REQUIRED')
  return key
}
