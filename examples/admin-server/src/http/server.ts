/** The HTTP server without its routes: what each call must pass, and how each one is answered. @module */

import { randomUUID } from 'node:crypto'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify'
import type { Config } from '../config/config.ts'
import { answerClientErrors } from './client-errors.ts'
import type { Access } from './context.ts'
import { boundClosing } from './draining.ts'
import { bareHeaders, sendSecurityHeaders } from './headers.ts'
import { guardCalls } from './limits.ts'
import { refuseUnknown } from './not-found.ts'
import { serveOpenapi } from './openapi.ts'
import { toAdminError, toProblem } from './problems.ts'
import { requireRouteAuth } from './route-auth.ts'
import { boundSockets, type SocketLimits } from './sockets.ts'
import { acceptStrictJson } from './strict-json.ts'
import { assertPlainQuery, assertPlainRequest } from './transport.ts'
import { compileSchema } from './validation.ts'

/** Bytes of a body, where a route does not say otherwise: a digest or a token, and room for a space. */
export const BODY_LIMIT = 1 * 1024
/** Where somebody gives a reason in words. */
export const TEXT_BODY_LIMIT = 8 * 1024
/** Where up to 1,000 items are asked for. */
export const LARGE_BODY_LIMIT = 2 * 1024 * 1024
/** Characters of one parameter within a path. */
const MAX_PARAMETER_LENGTH = 128
/** Bytes; a JWT of an identity provider takes up to 8 KiB. */
const MAX_HEADER_SIZE = 16 * 1024

/** Milliseconds. A slow sender is cut off by these, however steadily bytes trickle in. */
const defaultTimeouts = {
  /** For all headers. */
  headersMs: 10_000,
  /** For the whole request, body included. */
  requestMs: 30_000,
  /** Nothing sent and nothing received; the event stream says something every 15 s. */
  idleMs: 60_000,
  /** Longer than load balancers keep an idle connection, so that they never send into a closed one. */
  keepAliveMs: 65_000,
  /** How often the first two are looked at. */
  checkMs: 1_000,
  /** For what is under way when the server closes. */
  drainMs: 5_000,
}

/** See `createHttpServer`. */
export type HttpServerOptions = {
  readonly config: Pick<Config['http'], 'publicUrl'> & SocketLimits
  /** A pino logger. Gets one line for each answer, without query, headers and bodies. */
  readonly log: FastifyBaseLogger
  readonly access: Access
  /** Of this server, for the description of the API. */
  readonly version: string
  /** Adds the routes; each says in `config.auth` who may call it. */
  readonly register: (app: FastifyInstance) => void | Promise<void>
  readonly timeouts?: Partial<typeof defaultTimeouts>
}

/**
 * Builds the server; `await app.ready()` or `app.listen()` starts it. `app.close()` waits for open
 * responses, event streams too, but no longer than `drainMs`.
 *
 * @throws {AdminError} `CONFIGURATION_INVALID` from `ready` or `listen`, when a route has no `auth`.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { config, access, log } = options
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const clientErrors = answerClientErrors()
  const app: FastifyInstance = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => `req_${randomUUID().replaceAll('-', '').slice(8)}`,
    requestIdHeader: false,
    trustProxy: false, // the guard of the network decides whom to believe
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false, // the handler of an event stream must not run for a HEAD
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: MAX_PARAMETER_LENGTH,
    },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    return503OnClosing: false, // what arrives on an open connection while it closes is served
    requestTimeout: timeouts.requestMs,
    connectionTimeout: timeouts.idleMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    http: {
      insecureHTTPParser: false,
      requireHostHeader: true,
      // Not `rejectNonStandardBodyWrites`: it throws where a framework answers HEAD or 304 with a body,
      // after the headers are out, which ends the process. Left off, Node.js drops such a body.
      maxHeaderSize: MAX_HEADER_SIZE,
      headersTimeout: timeouts.headersMs,
      connectionsCheckingInterval: timeouts.checkMs,
    },
    clientErrorHandler: clientErrors.handler,
    frameworkErrors: (error, request, reply) => {
      reply.headers(bareHeaders)
      return sendProblem(error, request, reply)
    },
  })
  boundSockets(app, config)
  app.server.maxHeadersCount = 0 // beyond it Node.js drops headers silently; ours are counted
  clientErrors.watch(app)
  boundClosing(app, timeouts.drainMs)
  app.setValidatorCompiler(compileSchema)
  app.setErrorHandler(sendProblem)
  requireRouteAuth(app)
  sendSecurityHeaders(app, config.publicUrl)
  app.after(() => {
    app.addHook('onRequest', async (request) => {
      assertPlainRequest(request.raw)
      assertPlainQuery(request.query)
    })
    guardCalls(app, access)
    refuseUnknown(app)
    acceptStrictJson(app)
    logAnswers(app)
    serveOpenapi(app, { version: options.version, publicUrl: config.publicUrl })
  })
  app.register(async (scope) => {
    await options.register(scope)
  })
  return app
}

/** The last resort too: whatever is thrown while a call is served ends here. */
function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = toAdminError(thrown)
  const path = (request.raw.url ?? '').split('?')[0] ?? ''
  const { problem, headers } = toProblem(error, { requestId: request.id, path })
  if (error.status >= 500) request.log.error({ err: error, code: error.code }, 'failed')
  return reply
    .status(problem.status)
    .headers({ ...headers, 'content-type': 'application/problem+json' })
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problem)
}

/** The route and not the path, so that nothing a caller makes up is in the log. */
function logAnswers(app: FastifyInstance): void {
  app.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        principal: request.principal?.name ?? null,
        address: request.clientAddress,
      },
      'answered',
    )
  })
}
