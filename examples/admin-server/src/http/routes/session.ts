/** Who is calling, and signing in to the dashboard. @module */

import { fastifyCookie } from '@fastify/cookie'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { credentialsOf } from '../../access/credentials.ts'
import { sessionCookieFor } from '../../access/origin.ts'
import type { Principal } from '../../access/principal.ts'
import { isAdminError } from '../../errors.ts'
import { withinLimit } from '../access.ts'
import { anyRole, principalOf } from '../context.ts'
import { meSchema, tokenBody } from '../schemas/session.ts'
import type { RouteContext } from './context.ts'

type SignIn = { Body: Static<typeof tokenBody> }

export function sessionRoutes(app: FastifyInstance, context: RouteContext): void {
  const { authenticator, database, audit, config, limits, metrics } = context
  const { name: cookieName, ...cookieOptions } = sessionCookieFor(config.http.publicUrl)
  const { requestSignatures } = config.http
  // Only written here: reading is strict, and elsewhere.
  const setCookie = (value: string, ended?: { readonly maxAge: 0 }) => ({
    'set-cookie': fastifyCookie.serialize(cookieName, value, { ...cookieOptions, ...ended }),
  })
  const callOf = (request: FastifyRequest) => ({
    ...credentialsOf(request.raw.rawHeaders),
    method: request.method,
    target: request.raw.url ?? '',
  })

  app.get(
    '/v1/me',
    {
      config: { auth: anyRole },
      schema: {
        tags: ['session'],
        summary: 'Who is calling',
        operationId: 'readMe',
        response: { 200: meSchema },
      },
    },
    async (request) => ({
      ...view(principalOf(request), authenticator.csrfTokenOf(callOf(request)) ?? null),
      requestSignatures,
    }),
  )
  app.post<SignIn>(
    '/v1/session',
    {
      config: { auth: { public: true } },
      schema: {
        tags: ['session'],
        summary: 'Exchange a token for the cookie of a session',
        operationId: 'signIn',
        body: tokenBody,
        response: { 201: meSchema },
      },
    },
    async (request, reply) => {
      const { token } = request.body
      const look = () =>
        database.transaction(async (session) => {
          const started = await authenticator.signIn(session, callOf(request), token)
          const { name, credentialId } = started.principal
          const facts = { credentialId, address: request.clientAddress }
          await audit.append(session, [{ kind: 'sign-in', actor: name, requestIds: [], facts }])
          return started
        })
      const caller = { address: request.clientAddress, credential: token }
      const signedIn = await withinLimit(limits, caller, look).catch((thrown: unknown) => {
        // The guards do not see a public route, so what is refused here is told here.
        if (isAdminError(thrown)) {
          const { id: requestId, clientAddress } = request
          const cause = thrown.cause instanceof Error ? thrown.cause.message : undefined
          metrics.onRefusal(thrown.code)
          request.log.warn({ requestId, clientAddress, code: thrown.code, cause }, 'refused')
        }
        if (isAdminError(thrown, 'UNAUTHENTICATED'))
          limits.credentials.refused(request.clientAddress, token)
        throw thrown
      })
      return reply
        .code(201)
        .headers(setCookie(signedIn.cookie))
        .send({ ...view(signedIn.principal, signedIn.csrfToken), requestSignatures })
    },
  )
  app.delete(
    '/v1/session',
    {
      config: { auth: anyRole },
      schema: {
        tags: ['session'],
        summary: 'Sign out',
        operationId: 'signOut',
        response: { 204: { type: 'null', description: 'Signed out.' } },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      await database.transaction(async (session) => {
        await authenticator.signOut(session, principal)
        const { name: actor, credentialId } = principal
        await audit.append(session, [
          { kind: 'sign-out', actor, requestIds: [], facts: { credentialId } },
        ])
      })
      return reply
        .code(204)
        .headers(setCookie('', { maxAge: 0 }))
        .send()
    },
  )
}

const view = ({ name, roles, via, expiresAt }: Principal, csrfToken: string | null) => ({
  name,
  roles: [...roles],
  via,
  csrfToken,
  expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
})
