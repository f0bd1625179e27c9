import { Client } from 'pg'
import { isBuilt, type ServerProcess } from '../../support/admin-server/process.ts'
import { approve, ask, startLoad, untilAllOver } from '../../support/admin-server/process-load.ts'
import { type ServerWorld, startServerWorld } from '../../support/admin-server/process-world.ts'
import { type AdminChain, startAdminChain } from '../../support/admin-server/world.ts'
import { findPostgres, type Postgres, startPostgres } from '../../support/postgres.ts'
import { createRandom } from '../../support/random.ts'
import { until } from '../../support/until.ts'
import { startWireProxy, type WireProxy } from '../../support/wire-proxy.ts'

const bin = findPostgres()
const runs = bin !== undefined && isBuilt()
if (!runs)
  process.stderr.write(
    'SKIPPED admin-server/database-outage: no PostgreSQL 15 or newer found (apt-get install postgresql), or no build (npm run build)\n',
  )
const describeWithPostgres = runs ? describe : describe.skip

/** A way that is dead is found out after a statement's time. */
const TEST_MS = 180_000
/** Of one load: enough that something is under way whenever the database goes. */
const MINTS = 40

/** What ends connections, and a function that lets them be made again. */
const outages: readonly [
  name: string,
  begin: (parts: { postgres: Postgres; wire: WireProxy }) => Promise<() => Promise<void>>,
][] = [
  ['a restart', ({ postgres }) => postgres.halt('fast')],
  ['an immediate stop', ({ postgres }) => postgres.halt('immediate')],
  [
    'a firewall that drops',
    async ({ wire }) => {
      wire.drop()
      return async () => wire.restore()
    },
  ],
]

describeWithPostgres('a database that goes away under a running server', () => {
  let chain: AdminChain
  let postgres: Postgres
  let wire: WireProxy
  let world: ServerWorld
  let server: ServerProcess
  const accepted = new Map<string, number>()

  beforeAll(async () => {
    chain = await startAdminChain()
    postgres = await startPostgres(bin ?? '')
    wire = await startWireProxy(Number(new URL(postgres.url).port))
    const url = new URL(postgres.url)
    url.port = String(wire.port)
    world = await startServerWorld(chain, {
      kind: 'PostgreSQL',
      place: { databaseUrl: url.href },
      copy: () => Promise.reject(new Error('not here')),
      async [Symbol.asyncDispose]() {
        await wire[Symbol.asyncDispose]()
        await postgres.stop()
      },
    })
    server = await world.startReady()
  })
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]()
    await chain?.[Symbol.asyncDispose]()
  })

  const list = () => server.callAs(world.tokens.shop)('GET', '/v1/mints?limit=1')

  it.each(outages)(
    'is answered with 503 during %s, and nothing is lost',
    async (name, begin) => {
      const random = createRandom(7)
      const load = startLoad(world, {
        mints: MINTS,
        mostItems: 3,
        random,
        name: name.replaceAll(' ', '-'),
      })
      await until(() => load.accepted.size > 3)
      const restore = await begin({ postgres, wire })
      try {
        let refused = await list()
        await until(async () => {
          if (refused.status !== 503) refused = await list()
          return refused.status === 503
        }, 60_000)
        const { status, headers, body } = refused
        expect({ status, code: body.code, type: headers.get('content-type') }).toEqual({
          status: 503,
          code: 'DATABASE_UNAVAILABLE',
          type: 'application/problem+json',
        })
        expect(headers.get('retry-after')).toMatch(/^\d+$/)
        const ready = server.callAs()
        await until(async () => (await ready('GET', '/readyz')).status === 503)
        expect((await ready('GET', '/readyz')).body.checks.database).toMatch(/^(?:failed|late)$/)
        expect((await ready('GET', '/healthz')).status).toBe(200)
      } finally {
        await restore()
      }
      await load.over
      for (const [id, count] of load.accepted) accepted.set(id, count)
      await untilAllOver(world)
      expect(server.hasEnded()).toBe(false)
      await until(async () => (await server.callAs()('GET', '/readyz')).status === 200)
    },
    TEST_MS,
  )

  it('goes on while every connection is ended again and again', async () => {
    const random = createRandom(8)
    const load = startLoad(world, { mints: MINTS, mostItems: 3, random, name: 'ended' })
    const other = new Client({ connectionString: postgres.url })
    other.on('error', () => undefined)
    await other.connect()
    try {
      let isOver = false
      const over = load.over.finally(() => {
        isOver = true
      })
      let ended = 0
      await until(async () => {
        const { rows } = await other.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
        )
        ended += rows.length
        return isOver || ended > 200
      })
      await over
    } finally {
      await other.end()
    }
    for (const [id, count] of load.accepted) accepted.set(id, count)
    await untilAllOver(world)
    expect(server.hasEnded()).toBe(false)
  })

  it('has minted each item that was accepted, once', async () => {
    const { id, digest } = await ask(world, 'the-last', 1)
    await approve(world, id, digest)
    accepted.set(id, 1)
    await untilAllOver(world)
    const minted = await world.minted()
    const items = [...accepted].flatMap(([request, count]) =>
      Array.from({ length: count }, (_, index) => `${request}-${index}`),
    )
    expect(items.filter((item) => minted.get(item)?.length !== 1)).toEqual([])
    const verified = await world.insist('eve', 'GET', '/v1/audit/verify')
    expect(verified.body).toMatchObject({ intact: true })
  })
})
