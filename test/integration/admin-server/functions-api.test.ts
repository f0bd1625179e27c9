import { inspect } from 'node:util'
import { signatureKeyOf } from '../../../examples/admin-server/src/access/request-signature.ts'
import { createLog } from '../../../examples/admin-server/src/observability/log.ts'
import { verifyWebhook } from '../../../examples/admin-server/src/webhooks/signature.ts'
import { bytesToHex } from '../../../src/crypto/hex.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import {
  type ApiAnswer,
  type ApiCall,
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
import { parseExposition, sampleValue } from '../../support/exposition.ts'
import { until } from '../../support/until.ts'
import { type Receiver, startReceiver } from '../../unit/admin-server/webhooks/receiver.ts'

/** Accounts that it creates have to be paid for, and with them its own storage. */
const fundCadence = `
import FungibleToken from 0xee82856bf20e2aa6
import FlowToken from 0x0ae53cb6e3f42a79
transaction(to: Address) {
  prepare(signer: auth(BorrowValue) &Account) {
    let flow = signer.storage.borrow<auth(FungibleToken.Withdraw) &FlowToken.Vault>(
      from: /storage/flowTokenVault
    )!
    getAccount(to).capabilities.borrow<&{FungibleToken.Receiver}>(/public/flowTokenReceiver)!
      .deposit(from: <- flow.withdraw(amount: 100.0))
  }
}`
const webhookSecret = 'canary-webhook-7f3a: a secret of the tests with more than 32 bytes'
const awsSecret = 'canary-aws-51c0d2e7b8f94a63'

let world: AdminChain
let treasury: Treasury
let receiver: Receiver
let server: ApiServer
const tokens: Record<'shop' | 'alice' | 'olga' | 'eve', string> = {
  shop: '',
  alice: '',
  olga: '',
  eve: '',
}
/** Of all calls of this file, for the last tests. */
const answers: ApiAnswer[] = []

beforeAll(async () => {
  world = await startAdminChain()
  treasury = await world.createTreasury(twoKeys)
  const { chain } = world
  const funded = await chain.send({
    cadence: fundCadence,
    args: (arg, t) => [arg(treasury.address, t['Address'])],
    authz: chain.service,
  })
  expect(funded.errorMessage).toBe('')
  receiver = await startReceiver()
  process.env['AWS_SECRET_ACCESS_KEY'] = awsSecret // the endpoint of the tests takes any
  server = await startApiServer(treasury.config, {
    webhooks: { allow: [receiver.origin], secret: webhookSecret },
  })
  const tokenOf = async (...given: Parameters<ApiServer['tokenOf']>) =>
    (await server.tokenOf(...given)).token
  tokens.shop = await tokenOf('shop', 'requester')
  tokens.alice = await tokenOf('alice', 'approver')
  tokens.olga = await tokenOf('olga', 'operator', 'requester')
  tokens.eve = await tokenOf('eve', 'auditor')
}, 120_000)

afterAll(async () => {
  await server?.close()
  await receiver?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

async function call(
  who: keyof typeof tokens | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers: ApiCall['headers'] = {},
): Promise<ApiAnswer> {
  const key = method === 'POST' ? { 'idempotency-key': freshKey() } : {}
  const answer = await callApi(server.url, {
    method,
    path,
    ...(who === undefined ? {} : { token: tokens[who] }),
    ...(body === undefined ? {} : { body }),
    headers: { ...key, ...headers },
  })
  expectProperAnswer(answer)
  answers.push(answer)
  return answer
}

type Body = ApiAnswer['body']

async function askFor(
  name: string,
  items: readonly object[],
  options: { readonly webhookUrl?: string; readonly as?: 'shop' | 'olga' } = {},
): Promise<Body> {
  const { as = 'shop', ...rest } = options
  const answer = await call(as, 'POST', '/v1/requests', { function: name, items, ...rest })
  expect([answer.status, answer.body.code]).toEqual([202, undefined])
  return answer.body
}

async function approve({ id, digest }: Body): Promise<Body> {
  const answer = await call('alice', 'POST', `/v1/requests/${id}/approvals`, { digest })
  expect(answer.status).toBe(201)
  return answer.body
}

const read = async (id: string): Promise<Body> =>
  (await call('eve', 'GET', `/v1/requests/${id}`)).body

async function outcomeOf(asked: Body, deadlineMs = 40_000): Promise<Body> {
  await until(async () => {
    const { body } = await callApi(server.url, {
      method: 'GET',
      path: `/v1/requests/${asked.id}`,
      token: tokens.eve,
    })
    return body.finishedAt !== null
  }, deadlineMs)
  return read(asked.id)
}

async function execute(...given: Parameters<typeof askFor>): Promise<Body> {
  const asked = await askFor(...given)
  await approve(asked)
  return outcomeOf(asked)
}

const itemsOf = async (id: string, query = ''): Promise<readonly Body[]> =>
  (await call('eve', 'GET', `/v1/requests/${id}/items${query}`)).body.items

/** Events of a transaction, by the node and not by us. */
async function eventsOf(
  transactionId: string,
): Promise<readonly { readonly type: string; readonly fields: string }[]> {
  const reply = await fetch(`${world.chain.url}/v1/transaction_results/${transactionId}`)
  const { events } = (await reply.json()) as {
    events: readonly { type: string; payload: string }[]
  } // the REST schema
  return events.map(({ type, payload }) => ({
    type,
    fields: Buffer.from(payload, 'base64').toString(),
  }))
}

const newKey = async () => {
  const signer = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
  return {
    publicKey: bytesToHex((await signer.publicKey()).bytes),
    signatureAlgorithm: 'ECDSA_P256',
    hashAlgorithm: 'SHA3_256',
  }
}

describe('functions, by the API alone', () => {
  it('create a custodial account, and transfer to it what was minted to the treasury', async () => {
    const created = await execute('create-custodial-account', [await newKey()])
    expect(created).toMatchObject({ state: 'done', function: 'create-custodial-account' })
    const events = await eventsOf(created.attempts[0].transactionId)
    const account = events.find(({ type }) => type === 'flow.AccountCreated')
    const recipient = /0x[0-9a-f]{16}/.exec(account?.fields ?? '')?.[0] ?? ''
    expect(recipient).toMatch(/^0x/)

    const minted = await execute('mint', [mintOf(treasury.recipient, 'To be moved')])
    const [{ nftId }] = await itemsOf(minted.id)
    const moved = await execute('transfer', [{ recipient, nftId }])
    expect(moved).toMatchObject({ state: 'done', items: { count: 1, done: 1, failed: 0 } })
    const deposits = (await eventsOf(moved.attempts[0].transactionId)).filter(({ type }) =>
      type.endsWith('.NonFungibleToken.Deposited'),
    )
    expect(
      deposits.map(({ fields }) => [fields.includes(recipient), fields.includes(nftId)]),
    ).toEqual([[true, true]])
  })

  it('add proposal keys, with which the relay signs from then on', async () => {
    const { body: before } = await call('olga', 'GET', '/v1/proposal-keys')
    const { body: keys } = await call('olga', 'GET', '/v1/keys')
    const [{ index: keyIndex, publicKey }] = keys.keys
    const item = { keyIndex, publicKey: publicKey.replace(/^0x/, ''), count: 5 }
    const added = await execute('add-proposal-keys', [item], { as: 'olga' })
    expect(added).toMatchObject({ state: 'done' })
    const known = before.keys.map(({ index }: { index: number }) => index)
    const newOnes = async (): Promise<readonly number[]> => {
      const { body } = await callApi(server.url, {
        method: 'GET',
        path: '/v1/proposal-keys',
        token: tokens.olga,
      })
      return body.keys
        .map(({ index }: { index: number }) => index)
        .filter((index: number) => !known.includes(index))
    }
    await until(async () => (await newOnes()).length === 5)
    const fresh = await newOnes()
    // One transaction for each item: more than there were keys before.
    const accounts = await Promise.all(Array.from({ length: 40 }, newKey))
    const created = await execute('create-custodial-account', accounts)
    expect(created).toMatchObject({ state: 'done', items: { count: 40, done: 40 } })
    const used = created.attempts.map(({ keyIndex: index }: { keyIndex: number }) => index)
    expect(used.filter((index: number) => fresh.includes(index)).length).toBeGreaterThan(0)
  })

  it('mint 1,000 items of one request, each once', async () => {
    const items = Array.from({ length: 1_000 }, (_, n) => mintOf(treasury.recipient, `Seat ${n}`))
    const startedAt = performance.now()
    const asked = await askFor('mint', items)
    const acceptedMs = performance.now() - startedAt
    await approve(asked)
    const minted = await outcomeOf(asked, 120_000)
    const seconds = (performance.now() - startedAt) / 1_000
    expect(minted).toMatchObject({ state: 'done', items: { count: 1_000, done: 1_000, failed: 0 } })
    process.stdout.write(
      `1,000 mints of one request: accepted in ${acceptedMs.toFixed(0)} ms, sealed after ${seconds.toFixed(1)} s in ${minted.attempts.length} transactions\n`,
    )
    const ids = new Set<string>()
    for (let after: number | null = -1; after !== null; ) {
      const { body }: ApiAnswer = await call(
        'shop',
        'GET',
        `/v1/mints/${asked.id}/items?after=${after}&limit=200`,
      )
      for (const { nftId } of body.items) ids.add(nftId)
      after = body.next
    }
    expect(ids.size).toBe(1_000)
  }, 180_000)

  it('tell which item failed and why, and mint the others', async () => {
    const webhookUrl = `${receiver.origin}/hooks/drop?for=shop`
    const good = (name: string) => mintOf(treasury.recipient, name)
    // An account without a collection.
    const bad = mintOf(world.chain.serviceAddress, 'Nowhere to go')
    const items = [good('First'), bad, good('Third')]
    const minted = await execute('mint', items, { webhookUrl })
    expect(minted).toMatchObject({
      state: 'partly-failed',
      items: { count: 3, done: 2, failed: 1 },
    })
    const shown = await itemsOf(minted.id)
    expect(shown.map(({ state }) => state)).toEqual(['done', 'failed', 'done'])
    expect(shown[1].error.code).toBe('1101') // of the chain: Cadence ended with an error
    expect(shown[1].error.detail).toContain('DropNFT.')
    expect(shown[1].error.detail.length).toBeLessThan(2_000)

    await until(() => receiver.received.length > 0)
    const [hook] = receiver.received
    expect(hook).toMatchObject({ method: 'POST', url: '/hooks/drop?for=shop' })
    expect(verifyWebhook(webhookSecret, hook?.headers ?? {}, hook?.body ?? '')).toBe(true)
    expect(verifyWebhook(webhookSecret, hook?.headers ?? {}, `${hook?.body} `)).toBe(false)
    expect(JSON.parse(hook?.body ?? '')).toMatchObject({
      type: 'request.partly-failed',
      requestId: minted.id,
      function: 'mint',
      items: { count: 3, done: 2, failed: 1 },
    })
    const isAudited = async () =>
      (await read(minted.id)).timeline.some(({ kind }: { kind: string }) => kind === 'webhook')
    await until(isAudited)
    expect(receiver.received).toHaveLength(1)
  })

  it('take no webhook to a place that is not listed', async () => {
    const listed = new URL(receiver.origin)
    const urls = [
      'https://evil.example/',
      `http://localhost:${listed.port}/`,
      `http://127.0.0.1:${Number(listed.port) + 1}/`,
      `http://user@127.0.0.1:${listed.port}/`,
      'http://169.254.169.254/latest/meta-data/',
      'file:///etc/passwd',
    ]
    for (const webhookUrl of urls) {
      const body = { items: [mintOf(treasury.recipient)], webhookUrl }
      const answer = await call('shop', 'POST', '/v1/mints', body)
      expect([webhookUrl, answer.status, answer.body.code]).toEqual([
        webhookUrl,
        422,
        'INVALID_REQUEST',
      ])
    }
  })
})

describe('a pause', () => {
  const signatures = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const families = parseExposition(text)
    return [...families.values()]
      .flatMap(({ samples }) => samples)
      .filter(({ name }) => name === 'fcl_kms_signature_requests_total')
      .reduce((sum, { value }) => sum + value, 0)
  }
  const signatureRecords = async (): Promise<number> => {
    const [row] = await server.context.database.query<{ count: number }>(
      `SELECT count(*) AS count FROM audit WHERE kind = 'signature'`,
    )
    return row?.count ?? -1
  }

  it('holds what is approved, signs nothing, loses nothing, and ends', async () => {
    const paused = await call('olga', 'POST', '/v1/pause', { reason: 'the chain is upgraded' })
    expect(paused.body).toMatchObject({ paused: true, held: { code: 'PAUSED' } })
    const before = [await signatures(), await signatureRecords()]
    expect(before[0]).toBeGreaterThan(0)
    const asked = await Promise.all(
      ['A', 'B', 'C'].map((name) => askFor('mint', [mintOf(treasury.recipient, name)])),
    )
    for (const one of asked) await approve(one)
    await until(async () =>
      (await Promise.all(asked.map(({ id }) => read(id)))).every(
        ({ state }) => state === 'released',
      ),
    )
    const { body: ready } = await call(undefined, 'GET', '/readyz')
    expect(ready).toMatchObject({ status: 'ready', checks: { relay: 'paused' } })
    // As long as the loops take to look several times.
    const until3s = performance.now() + 3_000
    await until(() => performance.now() > until3s)
    expect((await Promise.all(asked.map(({ id }) => read(id)))).map(({ state }) => state)).toEqual(
      asked.map(() => 'released'),
    )
    expect([await signatures(), await signatureRecords()]).toEqual(before)
    const { body: stats } = await call('shop', 'GET', '/v1/stats')
    expect(stats).toMatchObject({ paused: true, requests: { released: 3 } })

    const resumed = await call('olga', 'POST', '/v1/resume', { reason: 'done' })
    expect(resumed.body).toEqual({ paused: false, held: null })
    for (const one of asked) expect(await outcomeOf(one)).toMatchObject({ state: 'done' })
    expect(await signatures()).toBeGreaterThan(before[0] ?? 0)
    const { body: audit } = await call('eve', 'GET', '/v1/audit?actor=olga&order=desc&limit=2')
    expect(audit.records).toMatchObject([
      { kind: 'resume', facts: { reason: 'done' } },
      { kind: 'pause', facts: { reason: 'the chain is upgraded' } },
    ])
  })
})

describe('health and metrics', () => {
  it('tell that the process lives and can do its work', async () => {
    const alive = await call(undefined, 'GET', '/healthz')
    expect([alive.status, alive.body]).toEqual([200, { status: 'ok' }])
    const ready = await call(undefined, 'GET', '/readyz')
    expect([ready.status, ready.body.status]).toEqual([200, 'ready'])
    expect(new Set(Object.values(ready.body.checks))).toEqual(new Set(['ok']))
    for (const path of ['/healthz', '/readyz']) {
      const head = await fetch(`${server.url}${path}`, { method: 'HEAD' })
      expect([head.status, await head.text()]).toEqual([200, ''])
    }
  })

  it('are text of Prometheus, and count what was done', async () => {
    const answer = await call(undefined, 'GET', '/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const families = parseExposition(answer.text)
    const of = (name: string, labels = {}) => sampleValue(families, name, labels)
    expect(of('fcl_kms_admin_requests_total', { function: 'mint' })).toBeGreaterThan(4)
    expect(of('fcl_kms_admin_requests_total', { function: 'transfer' })).toBe(1)
    expect(
      of('fcl_kms_admin_answer_seconds_count', {
        route: '/v1/requests',
        method: 'POST',
        status: '202',
      }),
    ).toBeGreaterThan(5)
    // Routes and not paths: what callers make up must not become labels.
    const routes = families
      .get('fcl_kms_admin_answer_seconds')
      ?.samples.map(({ labels }) => labels['route'])
    expect(routes?.filter((route) => /rq_|tk_|\?/.test(route ?? ''))).toEqual([])
  })
})

describe('secrets', () => {
  it('are nowhere: not in logs, answers, metrics, the audit trail or the database', async () => {
    const page = await call(
      undefined,
      'POST',
      '/v1/session',
      { token: tokens.eve },
      { origin: server.url },
    )
    expect(page.status).toBe(201)
    const cookie = /^session=([\w-]{43})/.exec(page.headers.get('set-cookie') ?? '')?.[1] ?? ''
    const csrf: string = page.body.csrfToken
    const signedOut = await call(undefined, 'DELETE', '/v1/session', undefined, {
      cookie: `session=${cookie}`,
      origin: server.url,
      'x-csrf-token': csrf,
    })
    expect(signedOut.status).toBe(204)
    // What goes wrong has to be silent about them too.
    const guessed = `fka_${'c'.repeat(42)}A`
    for (const bad of [
      { path: '/v1/me', headers: { authorization: `Bearer ${guessed}` } },
      { path: `/v1/me?token=${tokens.shop}`, headers: {} },
      { path: '/v1/me', headers: { cookie: `session=${cookie}` } },
      { path: `/v1/mints/${tokens.shop}`, headers: { authorization: `Bearer ${tokens.shop}` } },
      { path: '/v1/mints', headers: { authorization: `Basic ${tokens.shop}` } },
    ])
      answers.push(await callApi(server.url, { method: 'GET', ...bad }))
    await call('shop', 'POST', '/v1/mints', {
      items: [{ ...mintOf(treasury.recipient), token: tokens.shop }],
    })
    const exported = await call('eve', 'GET', '/v1/audit/export')
    expect(exported.headers.get('content-type')).toMatch(/^application\/jsonl/)
    expect(exported.text.trim().split('\n').length).toBeGreaterThan(50)
    const verified = await call('eve', 'GET', '/v1/audit/verify')
    expect(verified.body).toMatchObject({ intact: true })

    const database = await dump()
    const places: Readonly<Record<string, string>> = {
      log: server.lines.join(''),
      metrics: (await call(undefined, 'GET', '/metrics')).text,
      audit: exported.text,
      database: Object.values(database).join('\n'),
      // `instance` repeats the path that was called to the caller, and to nobody else.
      answers: answers
        .map(
          ({ text, headers }) =>
            `${text}\n${inspect([...headers].filter(([name]) => name !== 'set-cookie'))}`,
        )
        .join('\n')
        .replaceAll(`"instance":"/v1/mints/${tokens.shop}"`, ''),
      webhooks: inspect(receiver.received, { depth: 5 }),
    }
    const secrets: Readonly<Record<string, string>> = {
      ...tokens,
      guessed,
      cookie,
      webhookSecret,
      awsSecret,
      bearer: 'Bearer fka_',
      privateKey: 'PRIVATE KEY',
    }
    const found: string[] = []
    for (const [place, text] of Object.entries(places)) {
      for (const [name, secret] of Object.entries(secrets))
        if (text.includes(secret)) found.push(`${name} in ${place}`)
      // It is derived from the token, and only the database has it: signatures are checked with it.
      const key = Buffer.from(signatureKeyOf(tokens.shop))
      if (place !== 'database')
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          if (text.includes(key.toString(encoding))) found.push(`signature key in ${place}`)
      // The page has to know it; nobody else.
      if (place !== 'answers' && text.includes(csrf)) found.push(`csrf in ${place}`)
    }
    expect(found).toEqual([])
    // The search does find what is there: hashes of tokens are, and so are names.
    expect(places['database']).toContain('shop')
    expect(places['log']).toContain('answered')
    expect(Object.keys(database).length).toBeGreaterThan(10)
    process.stdout.write(
      `Searched for ${Object.keys(secrets).length + 1} secrets: ${Object.entries(places)
        .map(([place, { length }]) => `${place} ${length}`)
        .join(', ')} characters, ${Object.keys(database).length} tables\n`,
    )
  })

  it('are in no error of a start that fails, and in no line about it', async () => {
    const url = 'postgres://minter:canary-password-91@127.0.0.1:1/mints'
    const lines: string[] = []
    const failure: unknown = await startApiServer(treasury.config, {
      database: { url },
      webhooks: { allow: [receiver.origin], secret: webhookSecret },
    }).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
    const log = createLog({ level: 'debug' }, { write: (line) => lines.push(line) })
    log.fatal({ err: failure }, 'not started')
    const told = `${inspect(failure, { depth: 20, showHidden: true })}${lines.join('')}`
    expect(lines).toHaveLength(1)
    expect(told).not.toContain('canary-password')
    expect(told).not.toContain(webhookSecret)
  })

  it('names each contract that is not where the configuration says, before it serves', async () => {
    const { network } = treasury.config
    const contracts = { ...network.contracts, DropNFT: '0xf8d6e0586b0a20c7' }
    const started = startApiServer(treasury.config, { network: { ...network, contracts } })
    await expect(started).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      facts: {
        mistakes: [{ id: 'CONTRACT_NOT_THERE', path: 'network.contracts.DropNFT' }],
      },
    })
  })

  it('left nothing failing behind', () => {
    expect(faultsIn(server.lines)).toEqual([])
  })

  /** Every row of every table as text, by table. */
  async function dump(): Promise<Readonly<Record<string, string>>> {
    const { database } = server.context
    const tables = await database.query<{ name: string }>(
      `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name
      FROM information_schema.tables
      WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`,
    )
    const texts: Record<string, string> = {}
    for (const { name } of tables) {
      const rows = await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`)
      texts[name] = rows.map(({ row }) => row).join('\n')
    }
    return texts
  }
})
