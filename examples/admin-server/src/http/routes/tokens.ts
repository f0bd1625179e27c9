/** Tokens, as far as a running server deals with them: they are made by the command alone. @module */

import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { listTokens, revokeToken } from '../../access/tokens.ts'
import { principalOf } from '../context.ts'
import { tokenList, tokenParameters } from '../schemas/session.ts'
import type { RouteContext } from './context.ts'

type One = { Params: Static<typeof tokenParameters> }

/** An operator who could make tokens could make himself an approver: so there is no such route. */
export function tokenRoutes(app: FastifyInstance, context: RouteContext): void {
  const { database, audit } = context

  app.get(
    '/v1/tokens',
    {
      config: { auth: { roles: ['operator', 'auditor'] } },
      schema: {
        tags: ['session'],
        summary: 'Tokens, without their secrets',
        operationId: 'listTokens',
        response: { 200: tokenList },
      },
    },
    async () => ({
      tokens: (await listTokens(database)).map((token) => ({
        id: token.id,
        principal: token.principal,
        roles: [...token.roles],
        description: token.description,
        createdAt: new Date(token.createdAt).toISOString(),
        createdBy: token.createdBy,
        expiresAt: new Date(token.expiresAt).toISOString(),
        revokedAt: token.revokedAt === null ? null : new Date(token.revokedAt).toISOString(),
        lastUsedOn: token.lastUsedOn,
      })),
    }),
  )
  app.delete<One>(
    '/v1/tokens/:id',
    {
      config: { auth: { roles: ['operator'] } },
      schema: {
        tags: ['session'],
        summary: 'Revoke a token and its sessions, at once',
        operationId: 'revokeToken',
        params: tokenParameters,
        response: { 204: { type: 'null', description: 'Revoked, now or before.' } },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { name: actor } = principalOf(request)
      await database.transaction(async (session) => {
        if (!(await revokeToken(session, id))) return
        const entry = { kind: 'token', actor, requestIds: [], facts: { revoked: id } } as const
        await audit.append(session, [entry])
      })
      return reply.code(204).send()
    },
  )
}
