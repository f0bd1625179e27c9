/** The guards of each call, in their order; the first that refuses ends it. @module */

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { normaliseAddress } from '../access/network.ts'
import type { Principal } from '../access/principal.ts'
import { isLoopbackHost } from '../config/forms.ts'
import { AdminError, isAdminError } from '../errors.ts'
import { type Access, factsOf, type TurnScope } from './context.ts'
import type { RouteAuth } from './route-auth.ts'

/**
 * Network, turn of the address, turn in all, credentials, turn of the credential, role; then, with
 * the body, its signature. Cheap ones come first, and an address that calls too often cannot make
 * the server look up credentials. A call of no route has no credentials to check and is a 404.
 *
 * @throws {AdminError} Within a request: `ADDRESS_FORBIDDEN`, `RATE_LIMITED`, `UNAUTHENTICATED`,
 *   `FORBIDDEN`, and those of `Access`.
 */
export function guardCalls(app: FastifyInstance, access: Access): void {
  app.decorateRequest('principal', null)
  app.decorateRequest('clientAddress', '')
  app.addHook('onRequest', async (request) => {
    await reportRefusals(access, request, async () => {
      const { headers, socket } = request.raw
      request.clientAddress = access.guardNetwork(
        socket.remoteAddress ?? '',
        textOf(headers['x-forwarded-for']),
      )
      const auth: RouteAuth | undefined = request.is404
        ? undefined
        : request.routeOptions.config.auth
      if (auth !== undefined && 'public' in auth && auth.unlimited) return
      takeTurn(access, 'address', request.clientAddress)
      takeTurn(access, 'all', '')
      if (request.is404) return
      if (auth === undefined) throw new AdminError('FORBIDDEN') // cannot start; see route-auth
      if ('public' in auth || (auth.loopback && isLocal(request))) return
      const principal = await access.authenticate(factsOf(request))
      request.principal = principal
      takeTurn(access, 'token', principal.name)
      if (!auth.roles.some((role) => principal.roles.has(role)))
        throw new AdminError('FORBIDDEN', { roles: [...auth.roles] })
    })
  })
  const { checkSignature } = access
  if (checkSignature === undefined) return
  app.addHook('preValidation', async (request) => {
    const principal: Principal | null = request.principal
    if (principal === null) return
    await reportRefusals(access, request, () =>
      checkSignature({ ...factsOf(request), principal, body: request.rawBody }),
    )
  })
}

async function reportRefusals(
  access: Access,
  request: FastifyRequest,
  guard: () => Promise<void>,
): Promise<void> {
  try {
    await guard()
  } catch (error) {
    if (isAdminError(error))
      access.onRefusal?.({ ...factsOf(request), principal: request.principal, error })
    throw error
  }
}

function takeTurn(access: Access, scope: TurnScope, key: string): void {
  const { allowed, retryAfterSeconds } = access.takeTurn(scope, key)
  if (!allowed) throw new AdminError('RATE_LIMITED', { scope, retryAfterSeconds })
}

const textOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header

/** What proxies write into the calls that they pass on. */
const OF_PROXIES = /^(?:forwarded|via|x-real-ip|x-forwarded-.+)$/

/**
 * A proxy on this machine speaks for others: then the caller is not known to be local. Nor is a page in
 * a browser of this machine, whose name somebody has pointed to it: it names itself in Host.
 */
function isLocal({ clientAddress, headers }: FastifyRequest): boolean {
  if (Object.keys(headers).some((name) => OF_PROXIES.test(name))) return false
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  const address = normaliseAddress(clientAddress) ?? ''
  return isLoopbackHost(host) && isLoopbackHost(address)
}
