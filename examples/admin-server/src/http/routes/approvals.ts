/** Approving and taking back. @module */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { approve, withdraw } from '../../approvals/approve.ts'
import { readRequest, readRequestRow } from '../../requests/read.ts'
import { principalOf } from '../context.ts'
import { approvalBody, idParameters } from '../schemas/asking.ts'
import { requestSchema } from '../schemas/requests.ts'
import type { RouteContext } from './context.ts'

type One = { Params: Static<typeof idParameters> }
type Approve = One & { Body: Static<typeof approvalBody> }

export function approvalRoutes(app: FastifyInstance, context: RouteContext): void {
  const routes = [
    ['/v1/mints', 'Mint', 'mint'],
    ['/v1/requests', 'Request', undefined],
  ] as const
  for (const [path, noun, only] of routes) {
    app.post<Approve>(
      `${path}/:id/approvals`,
      {
        config: { auth: { roles: ['approver'] } },
        schema: {
          tags: ['approvals'],
          summary: 'Approve exactly what was read',
          operationId: `approve${noun}`,
          params: idParameters,
          body: approvalBody,
          response: { 201: requestSchema },
        },
      },
      async (request, reply) => {
        const principal = principalOf(request)
        const { id } = await readRequestRow(context, principal, request.params.id, only)
        await approve(context, principal, id, request.body.digest)
        const row = await readRequestRow(context, principal, id, only)
        return reply.code(201).send(await readRequest(context, principal, row))
      },
    )
    app.delete<One>(
      `${path}/:id/approvals/mine`,
      {
        config: { auth: { roles: ['approver'] } },
        schema: {
          tags: ['approvals'],
          summary: 'Take the own approval back, before it is decided',
          operationId: `withdraw${noun}Approval`,
          params: idParameters,
          response: { 200: requestSchema },
        },
      },
      async (request) => {
        const principal = principalOf(request)
        const { id } = await readRequestRow(context, principal, request.params.id, only)
        await withdraw(context, principal, id)
        const row = await readRequestRow(context, principal, id, only)
        return readRequest(context, principal, row)
      },
    )
  }
}
