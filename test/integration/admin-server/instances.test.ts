import { Client } from 'pg'
import { isBuilt, type ServerProcess } from '../../support/admin-server/process.ts'
import {
  auditServers,
  checkRelayOf,
  soundServer,
} from '../../support/admin-server/process-audit.ts'
import {
  hasPostgres,
  type PostgresHost,
  startPostgresHost,
} from '../../support/admin-server/process-database.ts'
import { killServers } from '../../support/admin-server/process-kills.ts'
import { approve, ask, startLoad, untilAllOver } from '../../support/admin-server/process-load.ts'
import { type ServerWorld, startServerWorld } from '../../support/admin-server/process-world.ts'
import {
  type AdminChain,
  callAs,
  mintOf,
  startAdminChain,
} from '../../support/admin-server/world.ts'
import { createRandom } from '../../support/random.ts'
import { until } from '../../support/until.ts'

const runs = hasPostgres() && isBuilt()
if (!runs)
  process.stderr.write(
    'SKIPPED admin-server/instances: no PostgreSQL 15 or newer found (apt-get install postgresql), or no build (npm run build)\n',
  )
const describeWithPostgres = runs ? describe : describe.skip

/** Longer than any other statement of the server waits for a lock. */
const LOCK_MS = 6_000

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

describeWithPostgres('several processes on one PostgreSQL', () => {
  let chain: AdminChain
  let postgres: PostgresHost
  let world: ServerWorld
  /** Of all tests: what the last one compares with the chain. */
  const accepted = new Map<string, number>()

  beforeAll(async () => {
    chain = await startAdminChain()
    postgres = await startPostgresHost()
    world = await startServerWorld(chain, await postgres.createDatabase())
  })
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await postgres?.[Symbol.asyncDispose]()
    await chain?.[Symbol.asyncDispose]()
  })

  const call = (one: ServerProcess, who: 'shop' | 'alice' | 'eve') => one.callAs(world.tokens[who])
  const threeReady = async () => {
    while (world.alive().length < 3) await world.start()
    await Promise.all(world.alive().map(({ ready }) => ready))
    // Three live: it was just seen to.
    return world.alive() as readonly [ServerProcess, ServerProcess, ServerProcess]
  }
  const isDone = async (id: string) =>
    (await world.insist('shop', 'GET', `/v1/mints/${id}`)).body.state === 'done'

  it('makes the tables once when three start at once on an empty database', async () => {
    await using database = await postgres.createDatabase()
    world.moveTo(database.place)
    try {
      const started = await Promise.all(range(3).map(() => world.start()))
      await Promise.all(started.map(({ ready }) => ready))
      expect(started.map((one) => one.hasEnded())).toEqual([false, false, false])
      await Promise.all(started.map((one) => one.signal('SIGTERM')))
    } finally {
      world.moveTo(world.database.place)
    }
  })

  it.each([
    ['of the server', '1717791851'],
    ['of the relay', `hashtextextended('"fcl_kms".migrations', 0)`],
  ])('waits longer than for a statement while another makes the tables %s', async (_, lock) => {
    await using database = await postgres.createDatabase()
    const other = new Client({ connectionString: database.url })
    other.on('error', () => undefined)
    await other.connect()
    try {
      await other.query(`SELECT pg_advisory_lock(${lock})`)
      world.moveTo(database.place)
      const started = await world.start()
      const waits = `SELECT FROM pg_stat_activity WHERE wait_event = 'advisory'`
      await until(async () => started.hasEnded() || (await other.query(waits)).rows.length > 0)
      const since = performance.now()
      await until(() => started.hasEnded() || performance.now() - since > LOCK_MS)
      expect(started.hasEnded()).toBe(false)
      await other.query('SELECT pg_advisory_unlock_all()')
      await started.ready
      await started.signal('SIGTERM')
    } finally {
      await other.end()
      world.moveTo(world.database.place)
    }
  })

  it('executes once what one accepted and another heard the approval of', async () => {
    const [one, two] = await threeReady()
    const items = [mintOf(world.treasury.recipient, 'A'), mintOf(world.treasury.recipient, 'B')]
    const asked = await call(one, 'shop')('POST', '/v1/mints', { items })
    expect(asked.status).toBe(202)
    const { id, digest } = asked.body
    accepted.set(id, 2)
    const path = `/v1/mints/${id}/approvals`
    expect((await call(two, 'alice')('POST', path, { digest })).status).toBe(201)
    await until(() => isDone(id))
    const minted = await world.minted()
    expect([`${id}-0`, `${id}-1`].map((job) => minted.get(job)?.length)).toEqual([1, 1])
  })

  it('makes one request of one Idempotency-Key that all are called with at once', async () => {
    const processes = await threeReady()
    const body = { items: [mintOf(world.treasury.recipient)] }
    const headers = { 'idempotency-key': 'the-same-for-all' }
    const answers = await Promise.all(
      range(60).map((index) => {
        const { url } = processes[index % 3] ?? processes[0]
        return callAs(url, world.tokens.shop)('POST', '/v1/mints', body, headers)
      }),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    const [id = ''] = new Set(answers.map(({ body: { id } }) => id))
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1)
    const replayed = answers.map(({ headers }) => headers.get('idempotent-replayed'))
    expect(replayed.filter((one) => one === null)).toHaveLength(1)
    accepted.set(id, 1)
    await approve(world, id, answers[0]?.body.digest)
    await until(() => isDone(id))
  })

  it('spreads the signing of many requests over its processes', async () => {
    const processes = await threeReady()
    const asked = await Promise.all(range(60).map((index) => ask(world, `spread-${index}`, 3)))
    for (const { id } of asked) accepted.set(id, 3)
    await Promise.all(asked.map(({ id, digest }) => approve(world, id, digest)))
    await untilAllOver(world)
    const signed = await Promise.all(processes.map(({ url }) => signaturesOf(url, world)))
    expect(signed.filter((count) => count > 0).length).toBeGreaterThan(1)
  })

  it('loses and doubles nothing when processes are killed in the midst of work', async () => {
    await threeReady()
    const random = createRandom(20_261_121)
    const load = startLoad(world, { mints: 300, mostItems: 50, random, name: 'killed' })
    const moments = { least: 200, most: 1_500 }
    await killServers(world, { random, kills: 3, processes: 3, moments, load })
    await load.over
    await untilAllOver(world)
    for (const [id, size] of load.accepted) accepted.set(id, size)
  }, 120_000)

  it('has joined all of it in one audit trail that verifies', async () => {
    const audit = await auditServers(world, accepted)
    expect(audit).toMatchObject({ ...soundServer, items: 300 + 60 * 3 + 1 + 2 })
    const jobIds = [...accepted].flatMap(([id, size]) => range(size).map((item) => `${id}-${item}`))
    await checkRelayOf(world, chain.chain, world.database.place, jobIds)
  })
})

/** How often this process has had something signed. */
async function signaturesOf(url: string, world: ServerWorld): Promise<number> {
  const { body } = await callAs(url, world.tokens.eve)('GET', '/metrics')
  return Number(/^fcl_kms_signature_requests_total\{kind="transaction"\} (\d+)$/m.exec(body)?.[1])
}
