/** The service with its API: from a configuration to a server that listens, and back. @module */

import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { RelayOptions } from 'fcl-kms/relay'
import { createAuthenticator } from './access/authenticate.ts'
import { createLimits } from './access/limits.ts'
import { createNetworkGuard } from './access/network.ts'
import type { Config } from './config/config.ts'
import { createAccess } from './http/access.ts'
import { approvalRoutes } from './http/routes/approvals.ts'
import { auditRoutes } from './http/routes/audit.ts'
import type { RouteContext } from './http/routes/context.ts'
import { dashboardRoutes } from './http/routes/dashboard.ts'
import { eventRoutes } from './http/routes/events.ts'
import { keyRoutes } from './http/routes/keys.ts'
import { operationRoutes } from './http/routes/operation.ts'
import { requestRoutes } from './http/routes/requests.ts'
import { rotationRoutes } from './http/routes/rotations.ts'
import { sessionRoutes } from './http/routes/session.ts'
import { tokenRoutes } from './http/routes/tokens.ts'
import { createHttpServer } from './http/server.ts'
import type { Log } from './observability/log.ts'
import { createStats } from './observability/stats.ts'
import { createAcceptor } from './requests/accept.ts'
import { openService, type Service } from './service.ts'

/** A server that listens. */
export type AdminServer = {
  /** `http://host:port`, as it listens; not what people call it by. */
  readonly url: string
  readonly app: FastifyInstance
  readonly context: RouteContext
  /**
   * Says that it is not ready, and after `noticeMs` takes no more calls; then what is being signed is
   * stored and sent. Default 0: nobody is asked to look elsewhere first.
   */
  readonly close: (options?: { readonly noticeMs?: number }) => Promise<void>
}

/**
 * Opens the database, brings its tables up to date, checks keys and chain, starts relay and loops, and
 * listens.
 *
 * @throws {AdminError} As `openService`; what Node.js throws when the port is taken.
 */
export async function startServer(options: {
  readonly config: Config
  readonly log: Log
  readonly version: string
  readonly relay?: Partial<RelayOptions>
}): Promise<AdminServer> {
  const { config, log, version } = options
  const service = await openService(options)
  const closing = new AbortController()
  try {
    const context = contextOf(service, config, version, closing.signal)
    const app = serve(context, log)
    const { host, port } = config.http
    const url = await app.listen({ host, port })
    const functions = service.requests.registry.all.map(({ template }) => template.name)
    log.info({ url, version, functions }, 'ready')
    const close = once(async (noticeMs: number) => {
      closing.abort()
      await sleep(noticeMs)
      await app.close()
      await service.close()
    })
    return { url, app, context, close: ({ noticeMs = 0 } = {}) => close(noticeMs) }
  } catch (thrown) {
    await service.close()
    throw thrown
  }
}

/** Called again, it is the same ending. */
function once<Argument>(run: (argument: Argument) => Promise<void>) {
  let running: Promise<void> | undefined
  return (argument: Argument): Promise<void> => {
    running ??= run(argument)
    return running
  }
}

function contextOf(
  service: Service,
  config: Config,
  version: string,
  closing: AbortSignal,
): RouteContext {
  const { requests, relay, signing, rotating, metrics, changes, anchor } = service
  const { database } = requests
  return {
    ...requests,
    accept: createAcceptor(requests),
    relay,
    signing,
    rotations: signing.rotations,
    rotating,
    authenticator: createAuthenticator({ database, config }),
    limits: createLimits(config.http.requestsPerSecond),
    anchor,
    stats: createStats({
      ...{ database, relay, rotating, metrics, version },
      governor: signing.governor,
      isReconciled: config.audit.reconciliation !== undefined,
    }),
    metrics,
    changes,
    version,
    closing,
  }
}

function serve(context: RouteContext, log: Log): FastifyInstance {
  const { config, version, metrics, authenticator, limits, database, audit } = context
  const network = createNetworkGuard(config.http)
  return createHttpServer({
    config: config.http,
    log,
    version,
    access: createAccess({ authenticator, network, limits, database, audit, metrics, log }),
    register(scope) {
      scope.addHook('onResponse', async (request, reply) => {
        const route = request.routeOptions.url ?? 'none'
        metrics.onAnswer(route, request.method, reply.statusCode, reply.elapsedTime / 1_000)
      })
      const groups = [requestRoutes, approvalRoutes, keyRoutes, rotationRoutes, auditRoutes]
      const others = [operationRoutes, sessionRoutes, tokenRoutes, eventRoutes]
      for (const add of [...groups, ...others]) add(scope, context)
      if (!dashboardRoutes(scope)) log.warn('there is no dashboard: it was not built')
    },
  })
}
