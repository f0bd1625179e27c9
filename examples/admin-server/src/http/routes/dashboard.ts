/** The dashboard: files that were bundled with the server, and nothing else. @module */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { markPublic } from '../route-auth.ts'

/** Made by the build beside the compiled server. */
const folder = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url))

/** @returns Whether there is one: without a build, the API works all the same. */
export function dashboardRoutes(app: FastifyInstance): boolean {
  if (!existsSync(folder)) return false
  app.register(async (scope) => {
    markPublic(scope)
    await scope.register(fastifyStatic, {
      root: folder,
      wildcard: false, // a route for each file that is there, and no path to resolve
      index: ['index.html'],
      decorateReply: false,
      etag: true,
      cacheControl: false,
      setHeaders(reply, path) {
        const isHashed = /\.[0-9A-Za-z]{8,}\.(?:js|css)$/.test(path)
        reply.setHeader('cache-control', isHashed ? 'max-age=31536000, immutable' : 'no-cache')
      },
    })
  })
  return true
}
