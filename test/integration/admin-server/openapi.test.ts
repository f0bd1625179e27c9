import { createConfig, lintFromString } from '@redocly/openapi-core'
import { sample } from 'fast-check'
import { Compile, type Validator } from 'typebox/schema'
import { webAddress } from '../../../examples/admin-server/src/functions/input.ts'
import {
  type ApiAnswer,
  anyAddress,
  callApi,
  expectProperAnswer,
  freshKey,
} from '../../support/admin-server/api-call.ts'
import {
  type ApiDocument,
  anyCall,
  type FuzzCall,
  operationsOf,
} from '../../support/admin-server/api-fuzz.ts'
import { columns, type RouteRow, routeTable } from '../../support/admin-server/api-routes.ts'
import {
  type ApiServer,
  type ApiToken,
  faultsIn,
  startApiServer,
} from '../../support/admin-server/api-server.ts'
import {
  type AdminChain,
  mintOf,
  startAdminChain,
  type Treasury,
  twoKeys,
} from '../../support/admin-server/world.ts'
import { seed } from '../../unit/crypto/seed.ts'

const FUZZ_CALLS = 3_000
const CALLS_AT_ONCE = 6

let world: AdminChain
let treasury: Treasury
let server: ApiServer
let source: string
let document: ApiDocument
let tokens: Readonly<Record<(typeof columns)[number], ApiToken | undefined>>
let otherRequester: ApiToken

beforeAll(async () => {
  world = await startAdminChain()
  treasury = await world.createTreasury(twoKeys)
  // Each call says that it comes from an address of its own, so that no limit is reached.
  server = await startApiServer(treasury.config, { http: { trustedProxies: ['127.0.0.1'] } })
  source = await (await fetch(`${server.url}/openapi.json`)).text()
  document = JSON.parse(source)
  tokens = {
    nobody: undefined,
    requester: await server.tokenOf('shop', 'requester'),
    approver: await server.tokenOf('alice', 'approver'),
    operator: await server.tokenOf('olga', 'operator'),
    auditor: await server.tokenOf('eve', 'auditor'),
  }
  otherRequester = await server.tokenOf('kiosk', 'requester')
})

afterAll(async () => {
  await server?.close()
  await world?.[Symbol.asyncDispose]()
})

type Sent = { readonly token?: string | undefined; readonly body?: unknown; readonly key?: string }

function send(method: string, path: string, { token, body, key }: Sent = {}): Promise<ApiAnswer> {
  return callApi(server.url, {
    method,
    path,
    ...(token === undefined ? {} : { token }),
    ...(body === undefined ? {} : { body }),
    headers: {
      'x-forwarded-for': anyAddress(),
      origin: server.url,
      ...(method === 'POST' ? { 'idempotency-key': key ?? freshKey() } : {}),
    },
  })
}

async function askFor(token: string | undefined, name = 'Ticket'): Promise<ApiAnswer['body']> {
  const body = { items: [mintOf(treasury.recipient, name)] }
  const answer = await send('POST', '/v1/mints', { token, body })
  expect(answer.status).toBe(202)
  return answer.body
}

describe('the description of the API', () => {
  it('is OpenAPI 3.1 and passes all recommended rules', async () => {
    expect(document.openapi).toBe('3.1.0')
    const config = await createConfig({ extends: ['recommended'] })
    const problems = await lintFromString({ source, config })
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([])
  })

  it('has each route, and no other, by its operation id', () => {
    const pathOf = (path: string) =>
      path.replace(/\{[a-z]+\}|\/(?:other|id|spare|0|0x\w{16})(?=\/|$)/g, (one) =>
        one.startsWith('/') ? '/*' : '*',
      )
    const described = operationsOf(document).map(
      ({ method, path, operation }) => `${method} ${pathOf(path)} ${operation.operationId}`,
    )
    const expected = routeTable
      .filter(([, , operationId]) => operationId !== '')
      .map(([method, path, operationId]) => `${method} ${pathOf(path)} ${operationId}`)
    expect([...described].sort()).toEqual([...new Set(expected)].sort())
    expect(new Set(operationsOf(document).map(({ operation }) => operation.operationId)).size).toBe(
      described.length,
    )
  })
})

describe('who may call what', () => {
  const bodies = {
    mint: () => ({ items: [mintOf(treasury.recipient)] }),
    'mint-request': () => ({ function: 'mint', items: [mintOf(treasury.recipient)] }),
    'add-keys': () => ({
      function: 'add-proposal-keys',
      items: [{ keyIndex: 0, publicKey: '0'.repeat(128), count: 1 }],
    }),
    reason: () => ({ reason: 'a test' }),
    token: () => ({ token: tokens.auditor?.token }),
    resolution: () => ({ as: 'failed', reason: 'a test' }),
  }
  async function call([method, path, , , kind]: RouteRow, token: string | undefined) {
    const owner = path.includes('/other') ? otherRequester : tokens.requester
    const isOne = /\/(?:id|other)\b/.test(path)
    const made = isOne ? await askFor(owner?.token) : undefined
    const spare = path.endsWith('/spare') ? await server.tokenOf('spare', 'requester') : undefined
    const at = path.replace(/\/(?:id|other|spare)\b/, `/${made?.id ?? spare?.id}`)
    const body = kind === 'digest' ? { digest: made.digest } : kind && bodies[kind]()
    return send(method, at, { token, body })
  }

  it.each(routeTable.map((row) => [row[0], row[1], row] as const))(
    '%s %s answers each role as the table says',
    async (_method, _path, row) => {
      const answers: number[] = []
      for (const name of columns) {
        const answer = await call(row, tokens[name]?.token)
        expectProperAnswer(answer)
        answers.push(answer.status)
      }
      expect(answers).toEqual(row[3])
    },
  )

  it.each(routeTable.map((row) => [row[0], row[1], row] as const))(
    '%s %s takes no credential that was revoked or has expired',
    async (_method, _path, row) => {
      const all = ['requester', 'approver', 'operator', 'auditor'] as const
      const revoked = await server.tokenOf('shop', ...all)
      expect((await send('GET', '/v1/me', { token: revoked.token })).status).toBe(200)
      await server.revoke(revoked)
      const expired = await server.expiredToken('shop', ...all)
      const [asNobody] = row[3]
      for (const { token } of [revoked, expired])
        expect((await call(row, token)).status).toBe(asNobody)
    },
  )

  it('shows metrics to a scraper on this machine, and not to one behind a proxy', async () => {
    const local = await fetch(`${server.url}/metrics`)
    expect(local.status).toBe(200)
    await local.text()
    expect((await send('GET', '/metrics')).status).toBe(401)
  })

  it('lists to a requester only what was asked for by that principal', async () => {
    const mine = await askFor(tokens.requester?.token)
    const other = await askFor(otherRequester.token)
    const idsFor = async (token: string | undefined, query = '') => {
      const { body } = await send('GET', `/v1/mints?limit=200${query}`, { token })
      return body.requests.map(({ id }: { id: string }) => id)
    }
    const seen = await idsFor(tokens.requester?.token)
    expect(seen).toContain(mine.id)
    expect(seen).not.toContain(other.id)
    expect(await idsFor(tokens.requester?.token, '&requester=kiosk')).toEqual([])
    expect(await idsFor(tokens.requester?.token, `&search=${other.id}`)).toEqual([])
    for (const role of ['approver', 'operator', 'auditor'] as const) {
      const all = await idsFor(tokens[role]?.token)
      expect(all).toContain(mine.id)
      expect(all).toContain(other.id)
    }
  })

  it('says the same of a request of somebody else as of one that there is not', async () => {
    const other = await askFor(otherRequester.token)
    const { token } = tokens.requester ?? {}
    const [hidden, absent] = await Promise.all(
      [other.id, `rq_${'0'.repeat(32)}`].map((id) => send('GET', `/v1/mints/${id}`, { token })),
    )
    const facts = ({ status, body: { requestId: _, instance: __, ...body } }: ApiAnswer) => ({
      status,
      body,
    })
    expect(hidden && facts(hidden)).toEqual(absent && facts(absent))
  })

  it('shows a request of another function as no mint', async () => {
    const body = {
      function: 'add-proposal-keys',
      items: [{ keyIndex: 0, publicKey: '0'.repeat(128), count: 1 }],
    }
    const { token } = tokens.operator ?? {}
    const { body: made } = await send('POST', '/v1/requests', { token, body })
    expect((await send('GET', `/v1/mints/${made.id}`, { token })).status).toBe(404)
    expect((await send('GET', `/v1/requests/${made.id}`, { token })).status).toBe(200)
  })
})

describe('pages of a list', () => {
  it('hold each request once, newest first', async () => {
    const buyer = await server.tokenOf('buyer', 'requester')
    const made: string[] = []
    for (let n = 0; n < 7; n += 1) made.push((await askFor(buyer.token, `Ticket ${n}`)).id)
    const seen: string[] = []
    for (let before: string | null = ''; before !== null; ) {
      const query: string = before === '' ? '' : `&before=${before}`
      const { body } = await send('GET', `/v1/mints?limit=3${query}`, { token: buyer.token })
      seen.push(...body.requests.map(({ id }: { id: string }) => id))
      before = body.next
    }
    expect(seen).toEqual(made.reverse())
  })

  it('are narrowed by state, by what is searched for and by who has to approve', async () => {
    const buyer = await server.tokenOf('buyer-2', 'requester')
    const first = await askFor(buyer.token, 'Balcony 17')
    const second = await askFor(buyer.token, 'Stalls 3')
    const idsOf = async (query: string, token: string | undefined = buyer.token) => {
      const { body } = await send('GET', `/v1/mints?requester=buyer-2&${query}`, { token })
      return body.requests.map(({ id }: { id: string }) => id)
    }
    expect(await idsOf('search=BALCONY%2017')).toEqual([first.id])
    expect(await idsOf(`search=${second.id}`)).toEqual([second.id])
    expect(await idsOf('search=100%25')).toEqual([])
    await send('POST', `/v1/mints/${first.id}/cancel`, { token: buyer.token })
    expect(await idsOf('state=cancelled')).toEqual([first.id])
    expect(await idsOf('waitsForMe=true', tokens.approver?.token)).toEqual([second.id])
  })
})

describe('calls made from the description', () => {
  const counts = { sent: 0, right: 0, wrong: 0 }
  const statuses = new Map<number, number>()
  afterAll(() => {
    const seen = [...statuses].sort(([a], [b]) => a - b).map(([status, n]) => `${status}: ${n}`)
    process.stdout.write(
      `Calls made from the description (seed ${seed}): ${counts.sent}, of which ${counts.wrong} with a violation; answers ${seen.join(', ')}\n`,
    )
  })

  it(`are answered as it says, whoever sends them (seed ${seed})`, async () => {
    const known = []
    for (let n = 0; n < 16; n += 1) known.push(await askFor(tokens.requester?.token, `Fuzz ${n}`))
    const hints = new Map([
      ['^rq_[0-9a-f]{32}$', known.map(({ id }) => id)],
      ['^[0-9a-f]{64}$', known.map(({ digest }) => digest)],
      ['^0x[0-9a-f]{16}$', [treasury.recipient]],
      [
        String(Reflect.get(webAddress, 'pattern')),
        ['https://example.com/1.png', 'ipfs://bafkreihdwdcefgh4'],
      ],
      ['^[a-z][a-z0-9-]{0,63}$', ['mint', 'transfer', 'add-proposal-keys']],
    ])
    const calls = sample(anyCall(operationsOf(document), hints), { seed, numRuns: FUZZ_CALLS })
    const digests = new Map(known.map(({ id, digest }) => [id, digest]))
    const queue = calls.map((call, index) =>
      index % 2 === 0
        ? { call, name: columns[(index / 2) % columns.length] }
        : {
            call: withMeaning(call, digests),
            name: roleFor(call) ?? columns[index % columns.length],
          },
    )
    const validators = createValidators()
    const wrong: string[] = []
    const worker = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const { call, name = 'nobody' } = next
        const answer = await callApi(server.url, {
          method: call.method,
          path: call.target,
          ...(tokens[name] === undefined ? {} : { token: tokens[name].token }),
          ...(call.body === undefined ? {} : { body: call.body }),
          headers: { 'x-forwarded-for': anyAddress(), origin: server.url, ...call.headers },
        })
        counts.sent += 1
        counts[call.violation === undefined ? 'right' : 'wrong'] += 1
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        try {
          checkAnswer(call, answer, validators)
        } catch (thrown) {
          const { method, target, violation, body, headers } = call
          const sent = JSON.stringify({ name, method, target, violation, body, headers })
          wrong.push(`${sent}\n${answer.status} ${answer.text.slice(0, 1_000)}\n${String(thrown)}`)
        }
      }
    }
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker))
    expect(wrong.slice(0, 5)).toEqual([])
    expect(counts.sent).toBeGreaterThanOrEqual(2_000)
    // Right ones get as far as to change something.
    for (const status of [200, 201, 202]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0)
    expect(faultsIn(server.lines)).toEqual([])
  }, 180_000)

  it('leave no token in the log', () => {
    for (const token of Object.values(tokens))
      if (token !== undefined)
        expect(server.lines.filter((line) => line.includes(token.token))).toEqual([])
  })

  /** What a schema cannot say, so that right calls get as far as to change something. */
  function withMeaning(call: FuzzCall, digests: ReadonlyMap<string, string>): FuzzCall {
    if (call.violation !== undefined) return call
    const { operationId } = call.operation
    const id = /rq_[0-9a-f]{32}/.exec(call.target)?.[0] ?? ''
    if (/^approve/.test(operationId))
      return { ...call, body: { digest: digests.get(id) ?? '0'.repeat(64) } }
    if (operationId !== 'createMint') return call
    const { items } = call.body as { readonly items: readonly object[] } // right by its schema
    const plain = { edition: undefined, royalties: undefined }
    return { ...call, body: { items: items.map((item) => ({ ...item, ...plain })) } }
  }

  function roleFor({ operation: { operationId } }: FuzzCall): (typeof columns)[number] | undefined {
    if (operationId === 'createMint') return 'requester'
    return /^approve/.test(operationId) ? 'approver' : undefined
  }

  type Validators = (call: FuzzCall, status: string, type: string) => Validator | undefined

  function createValidators(): Validators {
    const made = new Map<string, Validator | undefined>()
    return ({ operation, method, path }, status, type) => {
      const name = `${method} ${path} ${status} ${type}`
      if (!made.has(name)) {
        const schema = operation.responses[status]?.content?.[type]?.schema
        const { components } = document
        made.set(name, schema && Compile({ ...schema, components }))
      }
      return made.get(name)
    }
  }

  function checkAnswer(call: FuzzCall, answer: ApiAnswer, validators: Validators): void {
    const { status, body } = answer
    const { operationId, responses } = call.operation
    const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? ''
    expectProperAnswer(answer)
    const isFull = operationId === 'streamEvents' && body.code === 'OVERLOADED'
    const described = String(status) in responses ? String(status) : '4XX'
    expect(status < 500 || String(status) in responses || isFull).toBe(true)
    if (call.violation !== undefined) expect(status).toBeGreaterThanOrEqual(400)
    else if (isStrict(call)) expect([400, 415, 422]).not.toContain(status)
    if (status === 204) expect(answer.text).toBe('')
    if (status === 204 || isFull) return
    expect(Object.keys(responses[described]?.content ?? {})).toContain(type)
    if (!/json$/.test(type)) return
    const [isRight, errors] = validators(call, described, type)?.Errors(body) ?? [
      false,
      ['no schema'],
    ]
    expect(isRight ? [] : errors).toEqual([])
  }

  /** Functions refuse what a schema cannot say, and a search may hold what is no text. */
  const isStrict = ({ operation: { operationId }, target }: FuzzCall) =>
    !['createMint', 'createRequest'].includes(operationId) && !/%(?:0|1|7F|C2%[89])/i.test(target)
})
