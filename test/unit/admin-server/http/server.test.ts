import { createConfig, lintFromString } from '@redocly/openapi-core'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { manySockets, sampleRoutes, sampleServer, token } from './sample-server.ts'

const bearer = { authorization: `Bearer ${token}` }
const json = { ...bearer, 'idempotency-key': 'k', 'content-type': 'application/json' }
const mint = (payload: string) =>
  ({ method: 'POST', url: '/v1/mints', headers: json, payload }) as const

describe('answers', () => {
  it('carry a request id of our own, whatever the caller sends', async () => {
    const app = sampleServer()
    const headers = { ...bearer, 'request-id': 'evil', 'x-request-id': 'evil' }
    const ids = new Set<unknown>()
    for (let call = 0; call < 100; call += 1) {
      const response = await app.inject({ url: '/v1/mints', headers })
      ids.add(response.headers['x-request-id'])
    }
    expect(ids.size).toBe(100)
    for (const id of ids) expect(id).toMatch(/^req_[0-9a-f]{24}$/)
  })

  it.each([
    ['GET', '/nothing', 404, 'NOT_FOUND', undefined],
    ['GET', `/v1/mints/${'a'.repeat(129)}`, 404, 'NOT_FOUND', undefined],
    ['PUT', '/nothing', 404, 'NOT_FOUND', undefined],
    ['DELETE', '/v1/mints', 405, 'METHOD_NOT_ALLOWED', 'GET, POST'],
    ['HEAD', '/v1/mints', 405, 'METHOD_NOT_ALLOWED', 'GET, POST'],
    ['OPTIONS', '/v1/mints', 405, 'METHOD_NOT_ALLOWED', 'GET, POST'],
    ['POST', `/v1/mints/rq_${'0'.repeat(32)}`, 405, 'METHOD_NOT_ALLOWED', 'GET'],
    ['PATCH', '/openapi.json?x=1', 405, 'METHOD_NOT_ALLOWED', 'GET'],
  ] as const)('%s %s with %d', async (method, url, status, code, allow) => {
    const response = await sampleServer().inject({ method, url })
    expect([response.statusCode, response.headers['allow']]).toEqual([status, allow])
    if (method !== 'HEAD') expect(response.json()).toMatchObject({ code, status })
    expect(response.headers['access-control-allow-origin']).toBeUndefined()
  })

  it.each(['POST', 'DELETE'] as const)(
    'take no body of %s though its type is named',
    async (method) => {
      const register = (app: FastifyInstance) => {
        const config = { auth: { public: true } } as const
        const answer = async (request: FastifyRequest) => ({ body: request.body ?? null })
        const orNull = Type.Union([Type.Object({}), Type.Null()])
        app.route({ method, url: '/none', config, handler: answer })
        app.route({ method, url: '/maybe', config, schema: { body: orNull }, handler: answer })
        app.route({
          method,
          url: '/some',
          config,
          schema: { body: Type.Object({}) },
          handler: answer,
        })
      }
      const headers = { 'content-type': 'application/json' }
      const call = async (url: string) =>
        (await sampleServer({ register }).inject({ method, url, headers })).json()
      expect(await call('/none')).toEqual({ body: null })
      expect(await call('/maybe')).toEqual({ body: null })
      expect(await call('/some')).toMatchObject({
        code: 'MALFORMED_BODY',
        facts: { reason: 'EMPTY' },
      })
    },
  )

  it.each([
    ['mint_admin:8080', 200],
    ['mint_admin.internal', 200],
    ['mint admin', 400],
    ['mint/admin', 400],
    ['mint@admin', 400],
  ])('are given to the host %s with %d', async (host, status) => {
    const headers = { ...bearer, host }
    expect((await sampleServer().inject({ url: '/v1/mints', headers })).statusCode).toBe(status)
  })

  it('point at each field that is wrong and repeat no value', async () => {
    const body =
      '{"items":[{"recipient":"EVIL","name":7,"description":"d","thumbnail":"t","x":"EVIL"}]}'
    const response = await sampleServer().inject(mint(body))
    expect(response.statusCode).toBe(422)
    expect(response.headers['content-type']).toBe('application/problem+json')
    expect(response.body).not.toContain('EVIL')
    const pointers = response.json().errors.map((error: { pointer: string }) => error.pointer)
    expect(pointers.sort()).toEqual(['/items/0/name', '/items/0/recipient', '/items/0/x'])
  })

  it('give numbers of a query as numbers', async () => {
    const response = await sampleServer().inject({
      url: '/v1/mints?limit=7&search=7',
      headers: bearer,
    })
    expect(response.json()).toEqual({ query: { limit: 7, search: '7' } })
  })

  it('with 413 past 1 KiB where the route does not ask for more', async () => {
    const app = sampleServer({
      register: (scope) => {
        sampleRoutes(scope)
        scope.post('/small', { config: { auth: { public: true } } }, async () => ({}))
      },
    })
    const headers = { 'content-type': 'application/json' }
    const post = (length: number) =>
      app.inject({ method: 'POST', url: '/small', headers, payload: `"${'x'.repeat(length - 2)}"` })
    expect((await post(1024)).statusCode).toBe(200)
    expect((await post(1025)).statusCode).toBe(413)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('secret')
      },
    ],
    [
      'throws no error',
      () => {
        throw 'secret'
      },
    ],
    [
      'throws nothing',
      async () => {
        throw undefined
      },
    ],
    ['answers what is no JSON', async () => ({ secret: 1n })],
  ])('with 500 and no word about it when a handler %s', async (_name, handler) => {
    const log: string[] = []
    const register = (scope: Parameters<typeof sampleRoutes>[0]) => {
      scope.get('/broken', { config: { auth: { public: true } } }, handler)
    }
    const response = await sampleServer({ register }, log).inject('/broken')
    expect([response.statusCode, response.json().code]).toEqual([500, 'INTERNAL'])
    expect(response.body).not.toMatch(/secret|Error|\.ts/)
    expect(log.some((line) => line.includes('"code":"INTERNAL"'))).toBe(true)
  })

  it('are logged by route and principal, without query and credentials', async () => {
    const log: string[] = []
    const app = sampleServer({}, log)
    await app.inject({ url: '/v1/mints?search=private', headers: bearer })
    const lines = log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'answered')
    expect(lines).toEqual([
      expect.objectContaining({
        method: 'GET',
        route: '/v1/mints',
        status: 200,
        principal: 'alice',
      }),
    ])
    expect(log.join('')).not.toMatch(/private|fka_/)
  })
})

describe('security headers', () => {
  const app = sampleServer({
    register: (scope) => {
      for (const url of ['/', '/assets/app.js', '/v1/thing'])
        scope.get(url, { config: { auth: { public: true } } }, async () => ({}))
    },
  })
  const common = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': expect.stringContaining('camera=()'),
  }
  const page = [
    ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
    ["connect-src 'self'", "font-src 'self'", "base-uri 'none'", "form-action 'self'"],
    ["frame-ancestors 'none'", "require-trusted-types-for 'script'"],
  ]
    .flat()
    .join(';')
  const api = "default-src 'none';frame-ancestors 'none'"

  it.each([
    ['/', page, 'no-store'],
    ['/assets/app.js', page, undefined],
    ['/v1/thing', api, 'no-store'],
    ['/v1/thing?x=/assets/', api, 'no-store'],
    ['/nothing', api, 'no-store'],
    ['/v1/a%2fb', api, 'no-store'],
  ])('of %s', async (url, policy, cache) => {
    const { headers } = await app.inject(url)
    expect(headers).toMatchObject({ ...common, 'content-security-policy': policy })
    expect(headers['cache-control']).toBe(cache)
  })

  it.each(['/%zz', `/v1/${'a'.repeat(300)}/%`])('of %s, which no hook sees', async (url) => {
    const { headers } = await app.inject(url)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': api,
      'content-type': 'application/problem+json',
      'x-content-type-options': 'nosniff',
    })
  })

  it('do not promise https where there is none', async () => {
    const config = { ...manySockets, publicUrl: 'http://127.0.0.1:8080' }
    const { headers } = await sampleServer({ config }).inject('/openapi.json')
    expect(headers['strict-transport-security']).toBeUndefined()
  })
})

describe('/openapi.json', () => {
  it('describes the routes, who may call them and what a problem is', async () => {
    const response = await sampleServer().inject('/openapi.json')
    const document = response.json()
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } })
    expect(Object.keys(document.paths)).toEqual(['/v1/mints', '/v1/mints/{id}'])
    const { post } = document.paths['/v1/mints']
    expect(post.security).toEqual([{ bearer: [] }, { session: [] }])
    expect(post.responses.default.content['application/problem+json'].schema).toEqual({
      $ref: '#/components/schemas/Problem',
    })
    expect(document.components.securitySchemes.session.name).toBe('__Host-session')
    expect(document.components.schemas.Problem.required).toContain('code')
  })
  it('is OpenAPI 3.1 by its own rules', async () => {
    const source = (await sampleServer().inject('/openapi.json')).body
    const config = await createConfig({ extends: ['spec'] })
    expect(await lintFromString({ source, config })).toEqual([])
  })
})
