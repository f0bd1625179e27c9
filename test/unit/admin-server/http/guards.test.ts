import type { FastifyInstance } from 'fastify'
import type { Principal } from '../../../../examples/admin-server/src/access/principal.ts'
import { AdminError } from '../../../../examples/admin-server/src/errors.ts'
import { type Access, anyRole } from '../../../../examples/admin-server/src/http/context.ts'
import {
  markPublic,
  type RouteAuth,
} from '../../../../examples/admin-server/src/http/route-auth.ts'
import { alice, openAccess, sampleServer, token } from './sample-server.ts'

const bearer = { authorization: `Bearer ${token}` }
const withRoute = (auth: RouteAuth | undefined, access: Partial<Access> = {}) =>
  sampleServer({
    access: { ...openAccess, ...access },
    register: (app) => {
      app.route({
        method: ['GET', 'POST'],
        url: '/thing',
        config: auth === undefined ? {} : { auth },
        handler: async (request) => ({ caller: request.principal?.name ?? null }),
      })
    },
  })
const callThing = (app: FastifyInstance, headers: Record<string, string> = bearer) =>
  app.inject({ url: '/thing', headers })

describe('authorisation of routes', () => {
  it.each([
    ['says nothing', undefined],
    ['names no role', { roles: [] }],
    ['names a role that there is not', { roles: ['root'] }],
    ['is public and is not', { public: true, roles: ['auditor'] }],
    ['is not public and names no role', { public: false }],
  ])('refuses to start with a route that %s', async (_name, auth) => {
    // What the compiler refuses, too: a configuration can come from anywhere.
    const app = withRoute(auth as RouteAuth | undefined)
    await expect(app.ready()).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      facts: { routesWithoutAuth: ['GET,POST /thing'] },
    })
  })

  it('lets a plugin without route options be marked public as a whole', async () => {
    const app = sampleServer({
      register: async (scope) => {
        await scope.register(async (inner) => {
          markPublic(inner)
          inner.get('/page', async () => ({}))
        })
      },
    })
    expect((await app.inject('/page')).statusCode).toBe(200)
  })

  it('serves a public route to anybody, as nobody', async () => {
    const response = await callThing(withRoute({ public: true }), {})
    expect([response.statusCode, response.json()]).toEqual([200, { caller: null }])
  })

  it('serves what a balancer asks, however often others behind its address call', async () => {
    const takeTurn: Access['takeTurn'] = () => ({ allowed: false, retryAfterSeconds: 9 })
    const health = withRoute({ public: true, unlimited: true }, { takeTurn })
    expect((await callThing(health, {})).statusCode).toBe(200)
    const page = withRoute({ public: true }, { takeTurn })
    expect((await callThing(page, {})).json()).toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('refuses a caller without credentials with 401 and the scheme', async () => {
    const response = await callThing(withRoute(anyRole), {})
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer')
    expect(response.json()).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('refuses a role that may not, and names those that may', async () => {
    const response = await callThing(withRoute({ roles: ['auditor', 'operator'] }))
    expect(response.statusCode).toBe(403)
    expect(response.json()).toMatchObject({
      code: 'FORBIDDEN',
      facts: { roles: ['auditor', 'operator'] },
    })
  })

  it('serves any of the roles', async () => {
    const response = await callThing(withRoute({ roles: ['auditor', 'requester'] }))
    expect(response.json()).toEqual({ caller: 'alice' })
  })

  it.each([
    ['127.0.0.1', {}, 200],
    ['127.9.9.9', {}, 200],
    ['::1', {}, 200],
    ['::ffff:127.0.0.1', {}, 200],
    ['10.0.0.1', {}, 401],
    ['127.0.0.1.example', {}, 401],
    ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, 401],
    ['127.0.0.1', { forwarded: 'for=127.0.0.1' }, 401],
    ['127.0.0.1', { via: '1.1 proxy' }, 401],
    ['127.0.0.1', { 'x-real-ip': '192.0.2.1' }, 401],
    ['127.0.0.1', { 'x-forwarded-proto': 'https' }, 401],
    ['127.0.0.1', { host: '127.0.0.1:8080' }, 200],
    ['127.0.0.1', { host: 'LocalHost' }, 200],
    ['127.0.0.1', { host: '[::1]:8080' }, 200],
    ['127.0.0.1', { host: 'rebound.example' }, 401],
    ['127.0.0.1', { host: 'localhost.example:8080' }, 401],
    ['127.0.0.1', { host: '127.0.0.1.example' }, 401],
  ])('takes %s with %j for this machine: %d', async (address, headers, status) => {
    const guardNetwork = () => address
    const app = withRoute({ roles: ['auditor'], loopback: true }, { guardNetwork })
    expect((await callThing(app, headers)).statusCode).toBe(status)
  })
})

describe('guards', () => {
  const recorded = (refuseAt?: string) => {
    const steps: string[] = []
    const step = (
      name: string,
      code: 'ADDRESS_FORBIDDEN' | 'UNAUTHENTICATED' = 'UNAUTHENTICATED',
    ) => {
      steps.push(name)
      if (name === refuseAt) throw new AdminError(code)
    }
    const access: Access = {
      guardNetwork: (peer, forwardedFor) => {
        step(`network ${peer} ${forwardedFor}`, 'ADDRESS_FORBIDDEN')
        return '192.0.2.7'
      },
      takeTurn: (scope, key) => {
        steps.push(`${scope} ${key}`.trim())
        return { allowed: refuseAt !== scope, retryAfterSeconds: 2.2 }
      },
      authenticate: async ({ clientAddress, route, method }) => {
        step(`authenticate ${method} ${route} ${clientAddress}`)
        return alice
      },
      checkSignature: async ({ body, principal }) => {
        step(`signature ${principal.name} ${Buffer.from(body).toString()}`)
      },
      onRefusal: ({ principal, error }) => {
        steps.push(`refused ${principal?.name} ${error.code}`)
      },
    }
    return { steps, app: withRoute(anyRole, access) }
  }
  const network = 'network 127.0.0.1 203.0.113.9'
  const authenticate = 'authenticate POST /thing 192.0.2.7'
  const call = (app: FastifyInstance) =>
    app.inject({
      method: 'POST',
      url: '/thing',
      headers: { 'x-forwarded-for': '203.0.113.9', 'content-type': 'application/json' },
      payload: '{ "a":1 }',
    })
  const all = [network, 'address 192.0.2.7', 'all', authenticate, 'token alice']

  it('come in their order', async () => {
    const { app, steps } = recorded()
    expect((await call(app)).statusCode).toBe(200)
    expect(steps).toEqual([...all, 'signature alice { "a":1 }'])
  })

  it.each([
    [network, 403, [network, 'refused undefined ADDRESS_FORBIDDEN']],
    ['address', 429, [...all.slice(0, 2), 'refused undefined RATE_LIMITED']],
    ['all', 429, [...all.slice(0, 3), 'refused undefined RATE_LIMITED']],
    [authenticate, 401, [...all.slice(0, 4), 'refused undefined UNAUTHENTICATED']],
    ['token', 429, [...all, 'refused alice RATE_LIMITED']],
    [
      'signature alice { "a":1 }',
      401,
      [...all, 'signature alice { "a":1 }', 'refused alice UNAUTHENTICATED'],
    ],
  ])('end at the first that refuses: %s', async (name, status, expected) => {
    const { app, steps } = recorded(name)
    expect((await call(app)).statusCode).toBe(status)
    expect(steps).toEqual(expected)
  })

  it('say in whole seconds when to come back', async () => {
    const response = await call(recorded('token').app)
    expect(response.headers['retry-after']).toBe('3')
  })

  it('count calls of paths that nobody serves, without looking at credentials', async () => {
    const { app, steps } = recorded()
    expect((await app.inject('/nothing')).statusCode).toBe(404)
    expect(steps.map((step) => step.split(' ')[0])).toEqual(['network', 'address', 'all'])
  })

  it('look at neither credentials nor body of a request that is malformed', async () => {
    const { app, steps } = recorded()
    expect((await app.inject('/a%2fb')).statusCode).toBe(400)
    expect(steps).toEqual([])
  })

  it('answer 500 without a word about it when one of them breaks', async () => {
    const broken: Principal = alice
    const authenticate = async (): Promise<Principal> => {
      throw new Error(`secret of ${broken.name}`)
    }
    const response = await callThing(withRoute(anyRole, { authenticate }))
    expect(response.statusCode).toBe(500)
    expect(response.body).not.toContain('secret')
  })
})
