/** Who may call a route: said by each, or the server does not start. @module */

import type { FastifyInstance } from 'fastify'
import { type Role, roles } from '../access/principal.ts'
import { AdminError } from '../errors.ts'

/**
 * `unlimited`: not refused for how often others behind the same address call, since a balancer asks it
 * whether anybody is served at all. `loopback`: also anybody on this machine that came without a
 * proxy, for scrapers of metrics.
 */
export type RouteAuth =
  | { readonly public: true; readonly unlimited?: true }
  | { readonly roles: readonly Role[]; readonly loopback?: true }

/**
 * Refuses routes that do not say who may call them. Looks once all are registered, since a plugin
 * may set `config.auth` in a hook of its own; see `markPublic`.
 *
 * @throws {AdminError} `CONFIGURATION_INVALID` from `app.ready()`, with the routes.
 */
export function requireRouteAuth(app: FastifyInstance): void {
  const seen: { method: unknown; url: string; config?: { auth?: unknown } | undefined }[] = []
  app.addHook('onRoute', (route) => {
    seen.push(route)
  })
  app.addHook('onReady', async () => {
    const open = seen.filter(({ config }) => !isRouteAuth(config?.auth))
    if (open.length === 0) return
    const names = open.map(({ method, url }) => `${String(method)} ${url}`)
    throw new AdminError('CONFIGURATION_INVALID', { routesWithoutAuth: names })
  })
}

/** Each route that is registered in `scope` is public; for plugins that take no route options. */
export function markPublic(scope: FastifyInstance): void {
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, auth: { public: true } }
  })
}

/** An empty list of roles is a mistake: it would say nobody, and read as anybody. */
function isRouteAuth(auth: unknown): auth is RouteAuth {
  if (typeof auth !== 'object' || auth === null) return false
  if ('public' in auth) return auth.public === true && !('roles' in auth)
  if (!('roles' in auth) || !Array.isArray(auth.roles) || auth.roles.length === 0) return false
  return auth.roles.every((role) => roles.includes(role))
}
