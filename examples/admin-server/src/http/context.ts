/** What one call carries through the server, and what its guards ask of the access part. @module */

import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type Principal, roles } from '../access/principal.ts'
import { AdminError } from '../errors.ts'
import type { RouteAuth } from './route-auth.ts'

/** What is known of a call before its body is read. Headers hold credentials: never log them. */
export type CallFacts = {
  /** `req_` and 24 hex digits; our own, never the caller's. */
  readonly requestId: string
  readonly method: string
  /** Path and query as they were sent. */
  readonly url: string
  /** The pattern of the route, such as `/v1/mints/:id`; empty when there is none. */
  readonly route: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came in: here two of one name are two. */
  readonly rawHeaders: readonly string[]
  /** What `guardNetwork` returned. */
  readonly clientAddress: string
}

/** Whether a call may go on, and otherwise after how many seconds to try again. */
export type Turn = { readonly allowed: boolean; readonly retryAfterSeconds: number }

/** What a limit counts: calls in all, of one address, or of one principal. */
export type TurnScope = 'all' | 'address' | 'token'

/** The guards, built elsewhere. Each refuses by throwing an `AdminError`. */
export type Access = {
  /**
   * @param peer - The address at the other end of the connection.
   * @param forwardedFor - X-Forwarded-For as it came, believed from trusted proxies only.
   * @returns The address of the client.
   * @throws {AdminError} `ADDRESS_FORBIDDEN`.
   */
  readonly guardNetwork: (peer: string, forwardedFor: string | undefined) => string
  /** @param key - Empty for `all`, the address, or the name of the principal, whatever its tokens. */
  readonly takeTurn: (scope: TurnScope, key: string) => Turn
  /** @throws {AdminError} `UNAUTHENTICATED`, `CSRF_REFUSED`. */
  readonly authenticate: (facts: CallFacts) => Promise<Principal>
  /**
   * Runs once the body is there, for whoever signs requests.
   *
   * @param call.body - The bytes that were sent, not the value they were parsed to. Borrowed.
   * @throws {AdminError} `SIGNATURE_REQUIRED`, `SIGNATURE_REFUSED`.
   */
  readonly checkSignature?: (
    call: CallFacts & { readonly principal: Principal; readonly body: Uint8Array },
  ) => Promise<void>
  /** Told of each call that a guard refused, for the log and the audit trail. Must not throw. */
  readonly onRefusal?: (
    call: CallFacts & { readonly principal: Principal | null; readonly error: AdminError },
  ) => void
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route. A route without it stops the server from starting. */
    auth?: RouteAuth
  }
  interface FastifyRequest {
    /** `null` on public routes. */
    principal: Principal | null
    /** Empty until the network guard has let the call in. */
    clientAddress: string
    /** The body as it was sent; empty where there was none. */
    rawBody: Uint8Array
  }
}

/**
 * The caller of a route that is not public.
 *
 * @throws {AdminError} `UNAUTHENTICATED` on a public route: there is nobody.
 */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new AdminError('UNAUTHENTICATED')
  return request.principal
}

/** For `config.auth`: whoever is authenticated. */
export const anyRole: RouteAuth = { roles }

/** For guards. */
export const factsOf = (request: FastifyRequest): CallFacts => ({
  requestId: request.id,
  method: request.method,
  url: request.raw.url ?? '',
  route: request.routeOptions.url ?? '',
  headers: request.raw.headers,
  rawHeaders: request.raw.rawHeaders,
  clientAddress: request.clientAddress,
})
