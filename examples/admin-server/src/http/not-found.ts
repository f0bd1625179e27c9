/** Paths and methods that nobody serves. @module */

import type { FastifyInstance, FastifyRequest, HTTPMethods } from 'fastify'
import { AdminError } from '../errors.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * 405 with Allow where the path is served by another method, else 404; for each method that
 * Node.js can read, OPTIONS and TRACE among them. There is no CORS: another origin's page gets nothing.
 * It is said before a body is read, which nobody would want. Register it behind the guards.
 */
export function refuseUnknown(app: FastifyInstance): void {
  const refuse = (request: FastifyRequest): never => {
    const url = (request.raw.url ?? '').split('?')[0] ?? ''
    const allow = METHODS.filter((method) => app.findRoute({ method, url }) !== null)
    if (allow.length > 0) throw new AdminError('METHOD_NOT_ALLOWED', { allow })
    throw new AdminError('NOT_FOUND')
  }
  app.addHook('onRequest', async (request) => {
    if (request.is404) refuse(request)
  })
  app.setNotFoundHandler(refuse) // for what a handler gives up by itself, such as a missing file
}
