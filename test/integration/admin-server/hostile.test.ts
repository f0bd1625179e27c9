import { signRequest } from '../../../examples/admin-server/src/access/request-signature.ts'
import {
  type ApiAnswer,
  anyAddress,
  callApi,
  expectProperAnswer,
  freshKey,
} from '../../support/admin-server/api-call.ts'
import { type ApiServer, faultsIn, startApiServer } from '../../support/admin-server/api-server.ts'
import {
  type AdminChain,
  mintOf,
  startAdminChain,
  type Treasury,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { badInputs, goodInputs } from '../../unit/admin-server/http/bad-inputs.ts'
import { exchange } from '../../unit/admin-server/http/sample-server.ts'

/** Past the real server's own timeouts for headers (10 s) and the whole request (30 s). */
const SLOW_MS = 45_000
const CALLS_AT_ONCE = 12

let world: AdminChain
let treasury: Treasury

beforeAll(async () => {
  world = await startAdminChain()
  treasury = await world.createTreasury(twoKeys)
})

afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

const mintBody = () => ({ items: [mintOf(treasury.recipient)] })
const post = { 'idempotency-key': 'k' }

describe('bad HTTP inputs, to the real server', () => {
  let server: ApiServer
  let token: string
  beforeAll(async () => {
    server = await startApiServer(treasury.config)
    token = (await server.tokenOf('shop', 'requester')).token
  })
  afterAll(() => server?.close())

  it('are refused, one and all', async () => {
    const before = await requestCount()
    const wrong: string[] = []
    const answers = new Map<string, number>()
    const queue = [...badInputs]
    const worker = async () => {
      for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
        const bytes = row.bytes({ host: `127.0.0.1:${server.port}`, token })
        const { answer, text } = await exchange(server.port, bytes, SLOW_MS)
        answers.set(String(answer), (answers.get(String(answer)) ?? 0) + 1)
        if (!row.expect.some((one) => one === answer)) wrong.push(`${row.id}: ${answer}`)
        if (/node_modules|\n\s+at /.test(text)) wrong.push(`${row.id}: shows a stack`)
      }
    }
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
    const seen = [...answers].sort().map(([answer, count]) => `${answer}: ${count}`)
    process.stdout.write(
      `Bad HTTP inputs refused by the real server: ${badInputs.length - wrong.length} of ${badInputs.length} (${seen.join(', ')})\n`,
    )
    expect(wrong).toEqual([])
    expect(await requestCount()).toBe(before)
  }, 120_000)

  it('have good twins that are taken', async () => {
    const wrong: string[] = []
    for (const row of goodInputs) {
      // The same key with another body would be refused.
      const sent = row.bytes({ host: `127.0.0.1:${server.port}`, token }).toString('latin1')
      const bytes = Buffer.from(sent.replace('bad-input', freshKey()), 'latin1')
      const { answer } = await exchange(server.port, bytes, SLOW_MS)
      if (!row.expect.some((one) => one === answer)) wrong.push(`${row.id}: ${answer}`)
    }
    expect(wrong).toEqual([])
  })

  it('leave no fault and no token in the log', () => {
    expect(faultsIn(server.lines)).toEqual([])
    expect(server.lines.filter((line) => line.includes(token))).toEqual([])
  })

  async function requestCount(): Promise<number> {
    const [row] = await server.context.database.query<{ count: number }>(
      'SELECT count(*) AS count FROM requests',
    )
    return row?.count ?? -1
  }
})

describe('networks', () => {
  it('that are not listed get nothing but a refusal, public routes included', async () => {
    const change = { allowedNetworks: ['10.20.0.0/16'], trustedProxies: ['127.0.0.1'] }
    await using server = await startApiServer(treasury.config, { http: change })
    const { token } = await server.tokenOf('shop', 'requester')
    const from = (forwarded: string | undefined, path: string) =>
      callApi(server.url, {
        method: 'GET',
        path,
        token,
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      })
    for (const path of ['/v1/me', '/healthz', '/metrics', '/openapi.json', '/', '/nothing'])
      for (const outside of [undefined, '10.21.0.1', '10.20.0.1, 10.21.0.1', 'junk']) {
        const answer = await from(outside, path)
        expectProperAnswer(answer)
        expect([path, outside, answer.body.code]).toEqual([path, outside, 'ADDRESS_FORBIDDEN'])
      }
    expect((await from('10.20.3.4', '/v1/me')).status).toBe(200)
    expect((await from('10.21.0.1, 10.20.3.4', '/v1/me')).status).toBe(200)
    expect((await from('10.20.3.4:5678', '/v1/me')).status).toBe(200)
  })

  it('are not believed from a peer that is no trusted proxy', async () => {
    const change = { allowedNetworks: ['10.20.0.0/16'], trustedProxies: ['10.0.0.1'] }
    await using server = await startApiServer(treasury.config, { http: change })
    const headers = { 'x-forwarded-for': '10.20.3.4' }
    const { status } = await callApi(server.url, { method: 'GET', path: '/healthz', headers })
    expect(status).toBe(403)
  })
})

describe('limits', () => {
  const flood = async (count: number, one: (index: number) => Promise<ApiAnswer>) => {
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => one(index)))
    for (const answer of answers) expectProperAnswer(answer)
    return answers
  }
  const codesOf = (answers: readonly ApiAnswer[]) =>
    new Set(answers.map(({ status, body }) => body.code ?? status))

  it('are held by each principal, whichever token it uses and wherever it calls from', async () => {
    const requestsPerSecond = { token: 2, address: 1_000, all: 1_000 }
    const change = { trustedProxies: ['127.0.0.1'], requestsPerSecond }
    await using server = await startApiServer(treasury.config, { http: change })
    const tokens = [
      await server.tokenOf('shop', 'requester'),
      await server.tokenOf('shop', 'requester'),
    ]
    const answers = await flood(30, (index) =>
      callApi(server.url, {
        method: 'GET',
        path: '/v1/me',
        token: tokens[index % 2]?.token ?? '',
        headers: { 'x-forwarded-for': anyAddress() },
      }),
    )
    expect(codesOf(answers)).toEqual(new Set([200, 'RATE_LIMITED']))
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThan(15)
    const { token } = await server.tokenOf('kiosk', 'requester')
    const headers = { 'x-forwarded-for': anyAddress() }
    const other = await callApi(server.url, { method: 'GET', path: '/v1/me', token, headers })
    expect(other.status).toBe(200)
  })

  it('are held by each address, before anything else is looked at', async () => {
    const requestsPerSecond = { token: 1_000, address: 2, all: 1_000 }
    const change = { trustedProxies: ['127.0.0.1'], requestsPerSecond }
    await using server = await startApiServer(treasury.config, { http: change })
    const { token } = await server.tokenOf('shop', 'requester')
    const from = (address: string) => () =>
      callApi(server.url, {
        method: 'GET',
        path: '/v1/me',
        token,
        headers: { 'x-forwarded-for': address },
      })
    const answers = await flood(30, from('192.0.2.7'))
    expect(codesOf(answers)).toEqual(new Set([200, 'RATE_LIMITED']))
    // The neighbours of an IPv6 address are the same customer.
    const neighbours = await flood(30, (index) => from(`2001:db8::${index}`)())
    expect(codesOf(neighbours)).toEqual(new Set([200, 'RATE_LIMITED']))
    expect((await from('192.0.2.8')()).status).toBe(200)
  })

  it('are held in all', async () => {
    const requestsPerSecond = { token: 1_000, address: 1_000, all: 2 }
    const change = { trustedProxies: ['127.0.0.1'], requestsPerSecond }
    await using server = await startApiServer(treasury.config, { http: change })
    const callers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => server.tokenOf(`shop-${index}`, 'requester')),
    )
    const answers = await flood(30, (index) =>
      callApi(server.url, {
        method: 'GET',
        path: '/v1/me',
        token: callers[index % 10]?.token ?? '',
        headers: { 'x-forwarded-for': anyAddress() },
      }),
    )
    expect(codesOf(answers)).toEqual(new Set([200, 'RATE_LIMITED']))
  })

  it('stop who guesses tokens, though each guess is another one, and not their neighbour', async () => {
    const change = { trustedProxies: ['127.0.0.1'] }
    await using server = await startApiServer(treasury.config, { http: change })
    const guess = (index: number) => `fka_${String(index).padStart(42, 'b')}A`
    const call = (path: string, address: string, token: string) =>
      callApi(server.url, {
        method: path === '/v1/session' ? 'POST' : 'GET',
        path,
        ...(path === '/v1/session' ? { body: { token } } : { token }),
        headers: { 'x-forwarded-for': address, origin: `http://127.0.0.1:${server.port}` },
      })
    for (const [path, address] of [
      ['/v1/session', '192.0.2.1'],
      ['/v1/me', '192.0.2.2'],
    ] as const) {
      const { token } = await server.tokenOf('shop', 'requester') // new to the server
      const codes: string[] = []
      for (let index = 0; index < 13; index += 1)
        codes.push((await call(path, address, guess(index))).body.code)
      expect(codes.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'UNAUTHENTICATED'))
      expect(codes.at(-1)).toBe('RATE_LIMITED')
      // Its owner may be behind that address too, and a token is too long to be found by guessing.
      expect([200, 201]).toContain((await call(path, address, token)).status)
      expect((await call(path, address, guess(99))).body.code).toBe('RATE_LIMITED')
      expect([200, 201]).toContain((await call(path, '192.0.2.3', token)).status)
    }
  })
})

describe('tokens', () => {
  it('are taken from nowhere but the Authorization header', async () => {
    await using server = await startApiServer(treasury.config)
    const { token } = await server.tokenOf('shop', 'requester')
    const ways: readonly (readonly [path: string, headers: Readonly<Record<string, string>>])[] = [
      [`/v1/me?access_token=${token}`, {}],
      [`/v1/me?token=${token}`, {}],
      [`/v1/me?authorization=Bearer%20${token}`, {}],
      ['/v1/me', { 'x-api-key': token }],
      ['/v1/me', { 'x-auth-token': token }],
      ['/v1/me', { cookie: `token=${token}` }],
      ['/v1/me', { cookie: `authorization=Bearer ${token}` }],
      ['/v1/me', { 'proxy-authorization': `Bearer ${token}` }],
    ]
    for (const [path, headers] of ways)
      expect([path, (await callApi(server.url, { method: 'GET', path, headers })).status]).toEqual([
        path,
        401,
      ])
    expect(server.lines.filter((line) => line.includes(token))).toEqual([])
  })
})

describe('signatures of requests', () => {
  const approvals = { http: { requestSignatures: 'approvals' } } as const

  it('are needed to approve, withdraw, pause and resume by token, and for nothing else', async () => {
    await using server = await startApiServer(treasury.config, approvals)
    const shop = await server.tokenOf('shop', 'requester')
    const alice = await server.tokenOf('alice', 'approver', 'operator')
    const asked = await callApi(server.url, {
      method: 'POST',
      path: '/v1/mints',
      token: shop.token,
      body: mintBody(),
      headers: post,
    })
    expect(asked.status).toBe(202)
    const { id, digest } = asked.body
    const approval = `/v1/mints/${id}/approvals`
    const calls = [
      ['POST', approval, { digest }, 201],
      ['DELETE', `${approval}/mine`, undefined, 200],
      ['POST', `/v1/requests/${id}/approvals`, { digest }, 201],
      ['DELETE', `/v1/requests/${id}/approvals/mine`, undefined, 200],
      ['POST', '/v1/pause', { reason: 'a test' }, 200],
      ['POST', '/v1/resume', { reason: 'a test' }, 200],
    ] as const
    // A pause goes first, so that nothing is decided between approval and withdrawal.
    const pause = { method: 'POST', target: '/v1/pause', body: '{"reason":"first"}' }
    await callApi(server.url, {
      method: 'POST',
      path: '/v1/pause',
      token: alice.token,
      body: { reason: 'first' },
      headers: signRequest(alice.token, pause),
    })
    for (const [method, path, body, status] of calls) {
      const call = { method, path, token: alice.token, ...(body === undefined ? {} : { body }) }
      const bare = await callApi(server.url, call)
      expect([path, bare.body.code]).toEqual([path, 'SIGNATURE_REQUIRED'])
      const text = body === undefined ? '' : JSON.stringify(body)
      const headers = signRequest(alice.token, { method, target: path, body: text })
      expect([path, (await callApi(server.url, { ...call, headers })).status]).toEqual([
        path,
        status,
      ])
    }
    const cancel = { method: 'POST', path: `/v1/mints/${id}/cancel`, token: shop.token }
    expect((await callApi(server.url, cancel)).status).toBe(200)
  })

  it('are refused when they are old, of another body, path or token, or come again', async () => {
    await using server = await startApiServer(treasury.config, {
      http: { requestSignatures: 'approvals', trustedProxies: ['127.0.0.1'] },
    })
    const olga = await server.tokenOf('olga', 'operator')
    const other = await server.tokenOf('oscar', 'operator')
    const body = { reason: 'a test' }
    const right = { method: 'POST', target: '/v1/resume', body: JSON.stringify(body) }
    const resume = (headers: Readonly<Record<string, string>>) =>
      callApi(server.url, {
        method: 'POST',
        path: '/v1/resume',
        token: olga.token,
        body,
        headers: { 'x-forwarded-for': anyAddress(), ...headers },
      })
    const used = signRequest(olga.token, right)
    expect((await resume(used)).status).toBe(200)
    const minute = 60_000
    const { 'X-Request-Nonce': _, ...withoutNonce } = signRequest(olga.token, right)
    const wrong = {
      again: used,
      old: signRequest(olga.token, right, { now: Date.now() - 6 * minute }),
      early: signRequest(olga.token, right, { now: Date.now() + 6 * minute }),
      body: signRequest(olga.token, { ...right, body: '{"reason":"another"}' }),
      path: signRequest(olga.token, { ...right, target: '/v1/pause' }),
      query: signRequest(olga.token, { ...right, target: '/v1/resume?x=1' }),
      method: signRequest(olga.token, { ...right, method: 'PUT' }),
      token: signRequest(other.token, right),
      'no nonce': withoutNonce,
      'time changed': { ...signRequest(olga.token, right), 'X-Request-Timestamp': '1700000000' },
    }
    for (const [name, headers] of Object.entries(wrong))
      expect([name, (await resume(headers)).body.code]).toEqual([name, 'SIGNATURE_REFUSED'])
    expect((await resume(signRequest(olga.token, right))).status).toBe(200)
  })

  it('that come at once are taken once', async () => {
    await using server = await startApiServer(treasury.config, {
      http: { requestSignatures: 'approvals', trustedProxies: ['127.0.0.1'] },
    })
    const { token } = await server.tokenOf('olga', 'operator')
    const body = { reason: 'a test' }
    const right = { method: 'POST', target: '/v1/resume', body: JSON.stringify(body) }
    const signature = signRequest(token, right)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        callApi(server.url, {
          method: 'POST',
          path: '/v1/resume',
          token,
          body,
          headers: { 'x-forwarded-for': anyAddress(), ...signature },
        }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body: { code } }) => code === 'SIGNATURE_REFUSED')).toHaveLength(19)
  })
})
