/** Reading requests, and cancelling them. @module */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { cancelRequest } from '../../requests/cancel.ts'
import { contentOf } from '../../requests/content.ts'
import { readHistory } from '../../requests/history.ts'
import { listRequests, readItems, readRequest, readRequestRow } from '../../requests/read.ts'
import { anyRole, principalOf } from '../context.ts'
import { cancelBody, idParameters, listQuery, pageQuery } from '../schemas/asking.ts'
import {
  contentSchema,
  itemList,
  requestDetail,
  requestList,
  requestSchema,
} from '../schemas/requests.ts'
import { TEXT_BODY_LIMIT } from '../server.ts'
import type { RouteContext } from './context.ts'

type List = { Querystring: Static<typeof listQuery> }
type One = { Params: Static<typeof idParameters> }
type Page = One & { Querystring: Static<typeof pageQuery> }
type Cancel = One & { Body: Static<typeof cancelBody> }

/** Who may see a request is decided for each. */
const auth = anyRole

/**
 * The same under both paths.
 *
 * @param only - The one function whose requests are shown.
 */
export function requestReadRoutes(
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
      bodyLimit: TEXT_BODY_LIMIT,
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
