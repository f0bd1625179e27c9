/** What each answer tells a browser: for the API, and for the pages of the dashboard. @module */

import helmet, { type FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

/** For answers of the API: nothing may be loaded from them, framed or run. */
const apiPolicy = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }

/** For pages: what this origin serves and nothing else; no inline script, no markup from text. */
const pagePolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'font-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
}

const PERMISSIONS = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'payment',
  'usb',
]
  .map((name) => `${name}=()`)
  .join(', ')

/** Answers that no hook has touched: a path that cannot be decoded, a connection cut off. */
export const bareHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'content-type': 'application/problem+json',
  'x-content-type-options': 'nosniff',
}

/**
 * Sets the headers before any guard can refuse, so that refusals carry them too.
 *
 * @param publicUrl - HSTS is sent when it is https: on http a browser would ignore it.
 */
export function sendSecurityHeaders(app: FastifyInstance, publicUrl: string): void {
  const common = {
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    // Of a subdomain this server knows nothing.
    strictTransportSecurity: publicUrl.startsWith('https://') && {
      maxAge: 31_536_000,
      includeSubDomains: false,
    },
    frameguard: { action: 'deny' },
  } satisfies FastifyHelmetOptions
  const policy = (directives: Record<string, string[]>) => ({
    ...common,
    contentSecurityPolicy: { useDefaults: false, directives },
  })
  const api = policy(apiPolicy)
  const page = policy(pagePolicy)
  app.register(helmet, { global: false })
  // Within a plugin of its own this hook would come before that of helmet, which makes `reply.helmet`.
  app.after(() => {
    app.addHook('onRequest', async (request, reply) => {
      const path = (request.raw.url ?? '').split('?')[0] ?? ''
      const asset = path.startsWith('/assets/')
      await reply.helmet(asset || path === '/' ? page : api)
      reply.header('permissions-policy', PERMISSIONS)
      reply.header('x-request-id', request.id)
      if (!asset) reply.header('cache-control', 'no-store')
    })
  })
}
