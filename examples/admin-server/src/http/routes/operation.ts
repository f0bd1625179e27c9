/** Pausing, figures, health. @module */

import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { checkReadiness } from '../../observability/readiness.ts'
import { resolveItem } from '../../requests/resolve.ts'
import { anyRole, principalOf } from '../context.ts'
import { textAnswer } from '../schemas/common.ts'
import {
  itemParameters,
  pauseState,
  readySchema,
  reasonBody,
  resolutionBody,
  statsSchema,
} from '../schemas/operation.ts'
import { TEXT_BODY_LIMIT } from '../server.ts'
import type { RouteContext } from './context.ts'

type Reason = { Body: Static<typeof reasonBody> }
type Resolve = {
  Params: Static<typeof itemParameters>
  Body: Static<typeof resolutionBody>
}

const operators = { roles: ['operator'] } as const
const open = { public: true, unlimited: true } as const

export function operationRoutes(app: FastifyInstance, context: RouteContext): void {
  const { audit, database, relay, stats, metrics } = context

  for (const kind of ['pause', 'resume'] as const)
    app.post<Reason>(
      `/v1/${kind}`,
      {
        bodyLimit: TEXT_BODY_LIMIT,
        config: { auth: operators },
        schema: {
          tags: ['operation'],
          summary:
            kind === 'pause'
              ? 'Sign and send nothing more; everything is kept'
              : 'End a pause, or a hold after its cause was mended',
          operationId: kind,
          body: reasonBody,
          response: { 200: pauseState },
        },
      },
      async (request) => {
        const { name: actor } = principalOf(request)
        const { reason } = request.body
        // First the record: nobody resumes without one, and a pause that then fails is seen.
        await database.transaction((session) =>
          audit.append(session, [{ kind, actor, requestIds: [], facts: { reason } }]),
        )
        await (kind === 'pause' ? relay.pause() : relay.resume())
        const { held } = await relay.stats()
        context.onChanged([])
        return {
          paused: held?.code === 'PAUSED',
          held: held === undefined ? null : { code: held.code, detail: held.reason },
        }
      },
    )

  app.post<Resolve>(
    '/v1/requests/:id/items/:index/resolve',
    {
      bodyLimit: TEXT_BODY_LIMIT,
      config: { auth: operators },
      schema: {
        tags: ['operation'],
        summary: 'Say what became of a quarantined item, after a look at the chain',
        operationId: 'resolveItem',
        params: itemParameters,
        body: resolutionBody,
        response: { 204: { type: 'null', description: 'Noted.' } },
      },
    },
    async (request, reply) => {
      const { id, index } = request.params
      await resolveItem(context, relay, principalOf(request), id, index, request.body)
      return reply.code(204).send()
    },
  )

  app.get(
    '/v1/stats',
    {
      config: { auth: anyRole },
      schema: {
        tags: ['operation'],
        summary: 'Figures of now',
        operationId: 'readStats',
        response: { 200: statsSchema },
      },
    },
    () => stats.read(),
  )
  app.get(
    '/healthz',
    {
      exposeHeadRoute: true,
      config: { auth: open },
      schema: {
        tags: ['operation'],
        summary: 'Whether the process answers',
        operationId: 'readHealth',
        response: {
          200: Type.Object({ status: Type.Literal('ok') }, { description: 'It does.' }),
        },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  const ready = checkReadiness(context)
  app.get(
    '/readyz',
    {
      exposeHeadRoute: true,
      config: { auth: open },
      schema: {
        tags: ['operation'],
        summary: 'Whether it can do its work',
        operationId: 'readReadiness',
        response: { 200: readySchema, 503: readySchema },
      },
    },
    async (_, reply) => {
      const answer = await ready()
      return reply.code(answer.status === 'ready' ? 200 : 503).send(answer)
    },
  )
  app.get(
    '/metrics',
    {
      config: { auth: { roles: ['operator', 'auditor'], loopback: true } },
      schema: {
        tags: ['operation'],
        summary: 'For Prometheus',
        operationId: 'readMetrics',
        response: { 200: textAnswer('text/plain', 'The text format of Prometheus.') },
      },
    },
    async (_, reply) => {
      const { text, type } = await metrics.scrape()
      return reply.type(type).send(text)
    },
  )
}
