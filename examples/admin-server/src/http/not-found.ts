/** Paths and methods that nobody serves. @module */

import type { FastifyInstance, HTTPMethods } from 'fastify'
import { AdminError } from '../errors.ts'

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * 405 with Allow where the path is served by another method, else 404; for each method that
 * Node.js can read, OPTIONS and TRACE among them. There is no CORS: another origin's page gets nothing.
 */
export function answerNotFound(app: FastifyInstance): void {
  app.setNotFoundHandler((request) => {
    const url = (request.raw.url ?? '').split('?')[0] ?? ''
    const allow = METHODS.filter((method) => app.findRoute({ method, url }) !== null)
    if (allow.length > 0) throw new AdminError('METHOD_NOT_ALLOWED', { allow })
    throw new AdminError('NOT_FOUND')
  })
}
