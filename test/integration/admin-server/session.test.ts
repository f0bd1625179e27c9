import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signRequest } from '../../../examples/admin-server/src/access/request-signature.ts'
import { type ApiAnswer, callApi, freshKey } from '../../support/admin-server/api-call.ts'
import { openStream } from '../../support/admin-server/api-events.ts'
import {
  type ApiConfig,
  type ApiServer,
  type ApiToken,
  startApiServer,
} from '../../support/admin-server/api-server.ts'
import {
  type AdminChain,
  mintOf,
  startAdminChain,
  type Treasury,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { until } from '../../support/until.ts'

let world: AdminChain
let treasury: Treasury

beforeAll(async () => {
  world = await startAdminChain()
  treasury = await world.createTreasury(twoKeys)
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

/** A page of the dashboard that has signed in. */
type Page = { readonly cookie: string; readonly csrf: string; readonly answer: ApiAnswer }

async function signIn(server: ApiServer, { token }: ApiToken): Promise<Page> {
  const answer = await callApi(server.url, {
    method: 'POST',
    path: '/v1/session',
    body: { token },
    headers: { origin: server.url },
  })
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  return { cookie, csrf: answer.body.csrfToken, answer }
}

type Headers = Readonly<Record<string, string>>

/** As the page would, but for what is given: an empty header is left out. */
function callAs(
  server: ApiServer,
  { cookie, csrf }: Page,
  method: string,
  path: string,
  options: { readonly body?: unknown; readonly headers?: Headers; readonly token?: string } = {},
): Promise<ApiAnswer> {
  const ordinary = {
    cookie,
    ...(method === 'GET' ? {} : { origin: server.url, 'x-csrf-token': csrf }),
    ...options.headers,
  }
  const headers = Object.fromEntries(Object.entries(ordinary).filter(([, value]) => value !== ''))
  const { body, token } = options
  return callApi(server.url, {
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(token === undefined ? {} : { token }),
  })
}

const reason = { body: { reason: 'a test' } }

describe('a session', () => {
  let server: ApiServer
  let olga: ApiToken
  beforeAll(async () => {
    const http = { trustedProxies: ['127.0.0.1'] }
    server = await startApiServer(treasury.config, { http })
    olga = await server.tokenOf('olga', 'operator')
  })
  afterAll(() => server?.close())

  it('begins with a cookie that scripts and other sites cannot use', async () => {
    const { answer } = await signIn(server, olga)
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ name: 'olga', roles: ['operator'], via: 'session' })
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ])
  })

  it('lets its page read, and do with the CSRF token what its roles allow', async () => {
    const page = await signIn(server, olga)
    const me = await callAs(server, page, 'GET', '/v1/me')
    expect(me.body).toMatchObject({ name: 'olga', via: 'session', csrfToken: page.csrf })
    expect((await callAs(server, page, 'POST', '/v1/resume', reason)).status).toBe(200)
    expect((await callAs(server, page, 'GET', '/v1/audit')).body.code).toBe('FORBIDDEN')
  })

  it.each<[name: string, headers: Headers]>([
    ['no CSRF token', { 'x-csrf-token': '' }],
    ['another CSRF token', { 'x-csrf-token': 'A'.repeat(43) }],
    ['neither origin nor site', { origin: '' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
    ['the same host at another port', { origin: 'http://127.0.0.1:1' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a subdomain', { origin: '', 'sec-fetch-site': 'same-site' }],
  ])('changes nothing with %s', async (_name, headers) => {
    const page = await signIn(server, olga)
    const from = { 'x-forwarded-for': `192.0.2.${Math.floor(Math.random() * 250) + 1}` }
    const answer = await callAs(server, page, 'POST', '/v1/resume', {
      ...reason,
      headers: { ...from, ...headers },
    })
    expect([answer.status, answer.body.code]).toEqual([403, 'CSRF_REFUSED'])
  })

  it('is not begun from another page', async () => {
    for (const headers of [{}, { origin: 'https://evil.example' }]) {
      const from = { ...headers, 'x-forwarded-for': '198.51.100.1' }
      const call = { method: 'POST', path: '/v1/session', body: { token: olga.token } }
      const answer = await callApi(server.url, { ...call, headers: from })
      expect([answer.body.code, answer.headers.get('set-cookie')]).toEqual(['CSRF_REFUSED', null])
    }
  })

  it('is not loaded from by another site', async () => {
    const page = await signIn(server, olga)
    const headers = { 'sec-fetch-site': 'cross-site', 'x-forwarded-for': '198.51.100.2' }
    expect((await callAs(server, page, 'GET', '/v1/me', { headers })).status).toBe(403)
  })

  it('does not go with a bearer token: nobody could say who it was', async () => {
    const page = await signIn(server, olga)
    const headers = { 'x-forwarded-for': '198.51.100.3' }
    const both = { token: olga.token, headers }
    expect((await callAs(server, page, 'GET', '/v1/me', both)).status).toBe(401)
  })

  it('is refused when its cookie came twice, or is one that was made up', async () => {
    const page = await signIn(server, olga)
    const cookies = [`${page.cookie}; ${page.cookie}`, `session=${'A'.repeat(43)}`, 'session=x']
    for (const cookie of cookies) {
      const headers = { cookie, 'x-forwarded-for': '198.51.100.4' }
      expect((await callAs(server, page, 'GET', '/v1/me', { headers })).status).toBe(401)
    }
  })

  it('ends when its owner signs out, and its cookie with it', async () => {
    const page = await signIn(server, olga)
    const other = await signIn(server, olga)
    const out = await callAs(server, page, 'DELETE', '/v1/session')
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toMatch(
      /^session=; Max-Age=0; Path=\/; HttpOnly; SameSite=Strict$/,
    )
    const headers = { 'x-forwarded-for': '198.51.100.5' }
    expect((await callAs(server, page, 'GET', '/v1/me', { headers })).status).toBe(401)
    expect((await callAs(server, other, 'GET', '/v1/me')).status).toBe(200)
  })

  it('ends at once when its token is revoked', async () => {
    const token = await server.tokenOf('oscar', 'operator')
    const page = await signIn(server, token)
    expect((await callAs(server, page, 'GET', '/v1/me')).status).toBe(200)
    await server.revoke(token)
    const headers = { 'x-forwarded-for': '198.51.100.6' }
    expect((await callAs(server, page, 'GET', '/v1/me', { headers })).status).toBe(401)
    expect((await signIn(server, token)).answer.status).toBe(401)
  })

  it('is called otherwise over https, where it never travels without TLS', async () => {
    const http = { publicUrl: 'https://mint.example.com' }
    await using secure = await startApiServer(treasury.config, { http })
    const token = await secure.tokenOf('olga', 'operator')
    const answer = await callApi(secure.url, {
      method: 'POST',
      path: '/v1/session',
      body: { token: token.token },
      headers: { origin: 'https://mint.example.com' },
    })
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    )
    expect(answer.headers.get('strict-transport-security')).toMatch(/^max-age=31536000/)
  })
})

describe('an address from which somebody tries tokens', () => {
  let server: ApiServer
  beforeAll(async () => {
    server = await startApiServer(treasury.config)
  })
  afterAll(() => server?.close())
  const wrong = (index: number) => `fka_${String(index).padStart(42, 'B')}A`
  const asBearer = (token: string) => callApi(server.url, { method: 'GET', path: '/v1/me', token })
  const statusOf = async (path: string) =>
    (await callApi(server.url, { method: 'GET', path })).status

  it('is refused new ones, and loses nothing of what it had', async () => {
    const olga = await server.tokenOf('olga', 'operator')
    const oscar = await server.tokenOf('oscar', 'operator')
    const page = await signIn(server, olga)
    expect((await asBearer(oscar.token)).status).toBe(200)
    const tried: number[] = []
    for (let index = 0; index < 15; index += 1) tried.push((await asBearer(wrong(index))).status)
    expect(tried).toEqual([...Array(10).fill(401), ...Array(5).fill(429)])
    const limited = await asBearer(wrong(99))
    expect(limited.body).toMatchObject({ code: 'RATE_LIMITED', facts: { scope: 'credentials' } })
    expect(limited.headers.get('retry-after')).toMatch(/^[1-6]$/)
    const { answer } = await signIn(server, { ...olga, token: wrong(100) })
    expect([answer.status, answer.body.facts]).toEqual([
      429,
      expect.objectContaining({ scope: 'credentials' }),
    ])
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json'])
      expect([path, await statusOf(path)]).toEqual([path, 200])
    expect((await callAs(server, page, 'GET', '/v1/me')).status).toBe(200)
    expect((await callAs(server, page, 'POST', '/v1/resume', reason)).status).toBe(200)
    expect((await asBearer(oscar.token)).status).toBe(200)
    expect((await signIn(server, oscar)).answer.status).toBe(201)
  })
})

describe('a session where signatures are asked for', () => {
  const path = '/v1/resume'
  const body = { reason: 'a test' }
  const signatureBy = (token: string) =>
    signRequest(token, { method: 'POST', target: path, body: JSON.stringify(body) })

  it('does by the key of its token what it cannot do by its cookie', async () => {
    const http = { requestSignatures: 'approvals' } as const
    await using server = await startApiServer(treasury.config, { http })
    const olga = await server.tokenOf('olga', 'operator')
    const page = await signIn(server, olga)
    const bare = await callAs(server, page, 'POST', path, { body })
    expect([bare.status, bare.body.code]).toEqual([401, 'SIGNATURE_REQUIRED'])
    const other = await server.tokenOf('olga', 'operator')
    const headers = signatureBy(other.token)
    const wrong = await callAs(server, page, 'POST', path, { body, headers })
    expect(wrong.body.code).toBe('SIGNATURE_REFUSED')
    const signed = { body, headers: signatureBy(olga.token) }
    expect((await callAs(server, page, 'POST', path, signed)).status).toBe(200)
    expect((await callAs(server, page, 'POST', path, signed)).body.code).toBe('SIGNATURE_REFUSED')
  })

  it('approves nothing, and can always be left', async () => {
    const http = { requestSignatures: 'changes' } as const
    await using server = await startApiServer(treasury.config, { http })
    const shop = await server.tokenOf('shop', 'requester')
    const asked = { items: [mintOf(treasury.recipient)] }
    const target = '/v1/mints'
    const order = { method: 'POST', target, body: JSON.stringify(asked) }
    const made = await callApi(server.url, {
      method: 'POST',
      path: target,
      token: shop.token,
      body: asked,
      headers: { ...signRequest(shop.token, order), 'idempotency-key': freshKey() },
    })
    expect(made.status).toBe(202)
    const page = await signIn(server, await server.tokenOf('alice', 'approver'))
    const { id, digest } = made.body
    for (const [method, way, given] of [
      ['POST', `/v1/mints/${id}/approvals`, { digest }],
      ['POST', `/v1/requests/${id}/approvals`, { digest }],
      ['DELETE', `/v1/requests/${id}/approvals/mine`, undefined],
      ['POST', `/v1/requests/${id}/cancel`, {}],
    ] as const) {
      const options = given === undefined ? {} : { body: given }
      const answer = await callAs(server, page, method, way, options)
      expect([way, answer.body.code]).toEqual([way, 'SIGNATURE_REQUIRED'])
    }
    expect((await callAs(server, page, 'DELETE', '/v1/session')).status).toBe(204)
  })
})

describe('the event stream', () => {
  let server: ApiServer
  beforeAll(async () => {
    server = await startApiServer(treasury.config)
  })
  afterAll(() => server?.close())
  const bearer = ({ token }: ApiToken) => ({ authorization: `Bearer ${token}` })

  it('tells a requester what became of its own requests, and no ids of others', async () => {
    const [shop, kiosk, eve] = await Promise.all([
      server.tokenOf('stream-shop', 'requester'),
      server.tokenOf('stream-kiosk', 'requester'),
      server.tokenOf('stream-eve', 'auditor'),
    ])
    const ask = async ({ token }: ApiToken): Promise<string> => {
      const call = { method: 'POST', path: '/v1/mints', token }
      const body = { items: [mintOf(treasury.recipient)] }
      const headers = { 'idempotency-key': freshKey() }
      return (await callApi(server.url, { ...call, body, headers })).body.id
    }
    using ofShop = await openStream(server.url, bearer(shop))
    using ofEve = await openStream(server.url, bearer(eve))
    const told = ({ events }: typeof ofShop) =>
      events.flatMap(({ event, data }) =>
        event === 'changed' ? (data as { ids: string[] }).ids : [],
      )
    const others = await ask(kiosk)
    await until(() => told(ofEve).includes(others))
    const own = await ask(shop)
    await until(() => told(ofShop).includes(own) && told(ofEve).includes(own))
    expect(new Set(told(ofShop))).toEqual(new Set([own]))
  })

  it('tells figures each second', async () => {
    const eve = await server.tokenOf('eve', 'auditor')
    using stream = await openStream(server.url, bearer(eve))
    expect(stream.status).toBe(200)
    expect(stream.headers.get('cache-control')).toBe('no-store')
    expect(stream.headers.get('x-content-type-options')).toBe('nosniff')
    await until(() => stream.events.filter(({ event }) => event === 'stats').length >= 4)
    const [first, , , fourth] = stream.events.filter(({ event }) => event === 'stats')
    const { body } = await callApi(server.url, {
      method: 'GET',
      path: '/v1/stats',
      token: eve.token,
    })
    expect(Object.keys(first?.data ?? {}).sort()).toEqual(Object.keys(body).sort())
    const tookMs = (fourth?.atMs ?? 0) - (first?.atMs ?? 0)
    expect(tookMs).toBeGreaterThan(2_000)
    expect(tookMs).toBeLessThan(15_000)
  })

  it('tells which requests changed, and a pause', async () => {
    const eve = await server.tokenOf('eve', 'auditor')
    const shop = await server.tokenOf('shop', 'requester')
    const olga = await server.tokenOf('olga', 'operator')
    using stream = await openStream(server.url, bearer(eve))
    await until(() => stream.events.length > 0)
    const { body: made } = await ask(server, shop, 'Changed')
    const isTold = (id: string) =>
      stream.events.some(
        ({ event, data }) => event === 'changed' && JSON.stringify(data).includes(id),
      )
    await until(() => isTold(made.id))
    for (const name of ['pause', 'resume']) {
      const call = { method: 'POST', path: `/v1/${name}`, token: olga.token, ...reason }
      expect((await callApi(server.url, call)).status).toBe(200)
      await until(() => stream.events.some(({ event }) => event === `${name}d`))
    }
  })

  it('ends with the session that opened it, and with the token', async () => {
    const first = await server.tokenOf('oscar', 'operator')
    const second = await server.tokenOf('otto', 'operator')
    const page = await signIn(server, second)
    using ofToken = await openStream(server.url, bearer(first))
    using ofSession = await openStream(server.url, { cookie: page.cookie })
    await until(() => ofToken.events.length > 0 && ofSession.events.length > 0)
    await server.revoke(first)
    await callAs(server, page, 'DELETE', '/v1/session')
    await until(() => !ofToken.isOpen() && !ofSession.isOpen(), 15_000)
  })

  it('is opened by one principal eight times at once, and again when one has ended', async () => {
    const eve = await server.tokenOf('elsa', 'auditor')
    const streams = await Promise.all(
      Array.from({ length: 8 }, () => openStream(server.url, bearer(eve))),
    )
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200))
    using ninth = await openStream(server.url, bearer(eve))
    expect([ninth.status, JSON.parse(ninth.text).code]).toEqual([503, 'OVERLOADED'])
    const other = await server.tokenOf('emil', 'auditor')
    using another = await openStream(server.url, bearer(other))
    expect(another.status).toBe(200)
    for (const stream of streams) stream[Symbol.dispose]()
    await until(async () => {
      using again = await openStream(server.url, bearer(eve))
      return again.status === 200
    })
  })

  it('ends when the server stops', async () => {
    const stopping = await startApiServer(treasury.config)
    const eve = await stopping.tokenOf('eve', 'auditor')
    using stream = await openStream(stopping.url, bearer(eve))
    await until(() => stream.events.length > 0)
    await stopping.close()
    await stream.ended
    expect(stream.isOpen()).toBe(false)
  })
})

function ask(
  server: ApiServer,
  { token }: ApiToken,
  name: string,
  key: string = freshKey(),
): Promise<ApiAnswer> {
  return callApi(server.url, {
    method: 'POST',
    path: '/v1/mints',
    token,
    body: { items: [mintOf(treasury.recipient, name)] },
    headers: { 'idempotency-key': key },
  })
}

describe('what must outlive a restart', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'admin-server-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const start = (http: ApiConfig['http'] = {}) =>
    startApiServer(treasury.config, { database: { folder: join(folder, 'data') }, http })

  it('an Idempotency-Key: 200 calls at once are one request, then and later', async () => {
    let made: ApiAnswer['body']
    let shop: ApiToken
    let kiosk: ApiToken
    {
      await using server = await start()
      shop = await server.tokenOf('shop', 'requester')
      kiosk = await server.tokenOf('kiosk', 'requester')
      const sameShop = await server.tokenOf('shop', 'requester')
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          ask(server, index % 2 === 0 ? shop : sameShop, 'Ticket', 'order-17'),
        ),
      )
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
      expect(new Set(answers.map(({ headers }) => headers.get('location'))).size).toBe(1)
      const replayed = answers.filter(
        ({ headers }) => headers.get('idempotent-replayed') === 'true',
      )
      expect(replayed).toHaveLength(199)
      made = answers[0]?.body
      const count = await server.context.database.query('SELECT 1 FROM requests')
      expect(count).toHaveLength(1)

      expect((await ask(server, shop, 'Another', 'order-17')).body.code).toBe(
        'IDEMPOTENCY_KEY_REUSED',
      )
      const otherBody = {
        method: 'POST',
        path: '/v1/requests',
        token: shop.token,
        body: { function: 'transfer', items: [{ recipient: treasury.recipient, nftId: '1' }] },
        headers: { 'idempotency-key': 'order-17' },
      }
      expect((await callApi(server.url, otherBody)).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
      // Another principal's key is another key.
      const other = await ask(server, kiosk, 'Ticket', 'order-17')
      expect(other.headers.get('idempotent-replayed')).toBeNull()
      expect(other.body.id).not.toBe(made.id)
    }
    await using server = await start()
    const again = await ask(server, shop, 'Ticket', 'order-17')
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.body).toMatchObject({ id: made.id, digest: made.digest, state: 'waiting' })
    expect((await ask(server, shop, 'Another', 'order-17')).status).toBe(422)

    const alice = await server.tokenOf('alice', 'approver')
    const path = `/v1/mints/${made.id}`
    const body = { digest: made.digest }
    const call = { method: 'POST', path: `${path}/approvals`, token: alice.token, body }
    expect((await callApi(server.url, call)).status).toBe(201)
    const read = () => callApi(server.url, { method: 'GET', path, token: shop.token })
    await until(async () => (await read()).body.state === 'done')
    const done = await ask(server, shop, 'Ticket', 'order-17')
    expect(done.headers.get('idempotent-replayed')).toBe('true')
    expect(done.body).toMatchObject({ id: made.id, state: 'done', items: { count: 1, done: 1 } })
    const { body: items } = await callApi(server.url, {
      method: 'GET',
      path: `${path}/items`,
      token: shop.token,
    })
    expect(items.items).toHaveLength(1)
  }, 180_000)

  it('a body is the same whatever the order of its fields', async () => {
    await using server = await start()
    const { token } = await server.tokenOf('shop', 'requester')
    const item = mintOf(treasury.recipient)
    const reversed = Object.fromEntries(Object.entries(item).reverse())
    const [first, second] = await Promise.all(
      [item, reversed].map((one) =>
        callApi(server.url, {
          method: 'POST',
          path: '/v1/mints',
          token,
          body: { items: [one] },
          headers: { 'idempotency-key': 'order-18' },
        }),
      ),
    )
    expect([first?.status, second?.status]).toEqual([202, 202])
    expect(first?.body.id).toBe(second?.body.id)
  })

  it('a key has a form, and is required', async () => {
    await using server = await startApiServer(treasury.config)
    const { token } = await server.tokenOf('shop', 'requester')
    const body = { items: [mintOf(treasury.recipient)] }
    for (const key of [undefined, '', 'a b', 'k'.repeat(256), 'é']) {
      const headers = key === undefined ? {} : { 'idempotency-key': key }
      const call = { method: 'POST', path: '/v1/mints', token, body, headers }
      const answer = await callApi(server.url, call)
      expect([key, answer.body.code]).toEqual([key, 'IDEMPOTENCY_KEY_REQUIRED'])
    }
  })

  it('a nonce: the signature that was used is refused by the next process', async () => {
    const http = { requestSignatures: 'approvals' } as const
    const body = { reason: 'a test' }
    const right = { method: 'POST', target: '/v1/resume', body: JSON.stringify(body) }
    let call: Parameters<typeof callApi>[1]
    {
      await using server = await start(http)
      const { token } = await server.tokenOf('olga', 'operator')
      const headers = signRequest(token, right)
      call = { method: 'POST', path: '/v1/resume', token, body, headers }
      expect((await callApi(server.url, call)).status).toBe(200)
    }
    await using server = await start(http)
    expect((await callApi(server.url, call)).body.code).toBe('SIGNATURE_REFUSED')
  })

  it('a session: who was signed in still is', async () => {
    const publicUrl = 'http://127.0.0.1:8080'
    let cookie = ''
    {
      await using server = await start({ publicUrl })
      const { token } = await server.tokenOf('olga', 'operator')
      const headers = { origin: publicUrl }
      const call = { method: 'POST', path: '/v1/session', body: { token }, headers }
      const answer = await callApi(server.url, call)
      cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    }
    await using server = await start({ publicUrl })
    const answer = await callApi(server.url, { method: 'GET', path: '/v1/me', headers: { cookie } })
    expect(answer.body).toMatchObject({ name: 'olga', via: 'session' })
  })
})
