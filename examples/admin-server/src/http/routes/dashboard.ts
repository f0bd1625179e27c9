/** The dashboard: files that were bundled with the server, and nothing else. @module */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { markPublic } from '../route-auth.ts'

/** Made by the build beside the compiled server; the same from its sources, where tests run. */
const folder = fileURLToPath(new URL('../../../dist/dashboard/', import.meta.url))

/** @returns Whether there is one: without a build, the API works all the same. */
export function dashboardRoutes(app: FastifyInstance): boolean {
  if (!existsSync(folder)) return false
  app.register(async (scope) => {
    markPublic(scope)
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/assets/',
      wildcard: false, // a route for each file that is there, and no path to resolve
      globIgnore: ['index.html'],
      index: false,
      cacheControl: false,
      setHeaders(reply, path) {
        // The name of each file is its hash, but for the page that names them.
        const isPage = path.endsWith('index.html')
        const forever = 'max-age=31536000, immutable'
        reply.setHeader('cache-control', isPage ? 'no-cache' : forever)
      },
    })
    scope.get('/', (_, reply) => reply.sendFile('index.html'))
  })
  return true
}
