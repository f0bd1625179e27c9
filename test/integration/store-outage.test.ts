/** A user's own pool, as `new Pool({ connectionString })` makes it, whose server or network is gone. */
import { Pool } from 'pg'
import { createSqlStore, type RelayStore } from '../../src/stores/index.ts'
import { add, address, eventually, jobOf } from '../contract/store-fixtures.ts'
import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'
import { startSilentProxy } from '../support/silent-proxy.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED store-outage: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )
const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('with a pool that nobody listens to', () => {
  let server: Postgres
  let pool: Pool
  beforeAll(async () => {
    server = await startPostgres(bin ?? '')
  })
  afterAll(() => server.stop())

  beforeEach(() => {
    pool = new Pool({ connectionString: server.url })
  })
  afterEach(async () => {
    await pool.end()
  })

  const unavailable = expect.objectContaining({ code: 'STORE_UNAVAILABLE', disposition: 'retry' })

  /** Asks for as many steps at once as the pool has connections, over and over. */
  function keepAsking(store: RelayStore) {
    const failures: unknown[] = []
    let stopped = false
    let count = 0
    const ask = async () => {
      while (!stopped) {
        const id = `job-${count++}`
        await add(store, [id], 100_000).catch((thrown: unknown) => failures.push(thrown))
      }
    }
    const asking = Promise.all(Array.from({ length: 10 }, ask))
    return {
      failures,
      stop: async () => {
        stopped = true
        await asking
      },
    }
  }

  const goesOn = async (store: RelayStore, id: string) => {
    await eventually(async () => (await add(store, [id], 100_000).catch(() => [])).length, 60_000)
    expect(await jobOf(store, id)).toMatchObject({ state: 'queued' })
  }

  /** Open connections that nobody uses. */
  const idle = async (store: RelayStore) => {
    await Promise.all(Array.from({ length: 10 }, () => store.countJobs(address)))
    expect(pool.idleCount).toBeGreaterThan(0)
  }

  it('goes on when the server was ended at once and started again', async () => {
    const store = await createSqlStore(pool)
    await add(store, ['kept'])
    const asking = keepAsking(store)
    await server.crash()
    await goesOn(store, 'after-crash')
    await asking.stop()
    for (const failure of asking.failures) expect(failure).toEqual(unavailable)
    expect(asking.failures.length).toBeGreaterThan(0)
    expect(await jobOf(store, 'kept')).toMatchObject({ state: 'queued' })
    await idle(store)
    await server.crash()
    await goesOn(store, 'after-idle-crash')
  })

  it('goes on when an administrator has ended all connections', async () => {
    const store = await createSqlStore(pool)
    const admin = new Pool({ connectionString: server.url, max: 1 })
    admin.on('error', () => undefined)
    const endAll = () =>
      admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
      )
    const asking = keepAsking(store)
    await eventually(async () => {
      await endAll()
      return asking.failures.length > 0
    })
    await asking.stop()
    for (const failure of asking.failures) expect(failure).toEqual(unavailable)
    await goesOn(store, 'after-all-were-ended')
    await idle(store)
    await endAll()
    await goesOn(store, 'after-idle-ones-were-ended')
    await admin.end()
  })

  it('goes on when a network has dropped what was sent, and forgotten the connections', async () => {
    const url = new URL(server.url)
    await using proxy = await startSilentProxy(Number(url.port))
    url.port = String(proxy.port)
    const through = new Pool({ connectionString: url.href, max: 2 })
    const store = await createSqlStore(through, { timeoutMs: 1_000 })
    await add(store, ['kept'])
    proxy.silence()
    // More than the pool has places: those that are lent, and those that connect, are all silent.
    const told = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => add(store, [`lost-${index}`])),
    )
    for (const one of told) expect(one).toEqual({ status: 'rejected', reason: unavailable })
    proxy.heal()
    await goesOn(store, 'after-silence')
    expect(await jobOf(store, 'kept')).toMatchObject({ state: 'queued' })
    await through.end()
  })

  it('listens to a pool once, and leaves what its owner has set', async () => {
    const own = new Pool({ connectionString: server.url, connectionTimeoutMillis: 77_000 })
    const heard: unknown[] = []
    own.on('error', (error) => heard.push(error))
    await createSqlStore(own, { schema: 'one' })
    await createSqlStore(own, { schema: 'two' })
    expect(own.listenerCount('error')).toBe(2)
    expect(own.options.connectionTimeoutMillis).toBe(77_000)
    await own.query('SELECT 1')
    await server.crash()
    await eventually(async () => heard.length > 0)
    await own.end()
  })
})
