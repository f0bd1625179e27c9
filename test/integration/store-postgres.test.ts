import { createHash } from 'node:crypto'
import { Pool } from 'pg'
import { coalesce } from '../../src/proposal-keys/coalesce.ts'
import { createSqlStore, type JobIntent } from '../../src/stores/index.ts'
import { describeStoreContract } from '../contract/store-contract.ts'
import {
  add,
  address,
  claim,
  inFlight,
  intentOf,
  jobOf,
  keyOf,
  leaseOne,
  names,
  openingOf,
  settlementOf,
} from '../contract/store-fixtures.ts'
import { describeUnreadable } from '../contract/store-unreadable.ts'
import { describeVersions } from '../contract/store-versions.ts'
import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED store-postgres: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )

const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('with PostgreSQL', () => {
  let server: Postgres
  let pool: Pool
  beforeAll(async () => {
    server = await startPostgres(bin ?? '')
    pool = new Pool({ connectionString: server.url, max: 10 })
    pool.on('error', () => undefined) // the crash below ends its idle connections
  })
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  describeStoreContract('the SQL store on PostgreSQL', async (test) => {
    const schema = `test_${createHash('sha256').update(test).digest('hex').slice(0, 16)}`
    return {
      store: await createSqlStore(pool, { schema }),
      remove: async () => {
        await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      },
    }
  })

  describe('versions of the SQL store', () => {
    describeVersions(() => ({ database: pool, exec: (text) => pool.query(text) }))
  })

  describe('rows that somebody has spoilt', () => {
    describeUnreadable(() => ({ database: pool, exec: (text) => pool.query(text) }))
  })

  describe('createSqlStore', () => {
    it('may be started by ten processes at once', async () => {
      const schema = 'at_once'
      const pools = Array.from({ length: 10 }, () => new Pool({ connectionString: server.url }))
      const stores = await Promise.all(pools.map((each) => createSqlStore(each, { schema })))
      const added = await Promise.all(stores.map((store) => add(store, ['job'])))
      expect(added.flat().filter((answer) => answer?.created)).toHaveLength(1)
      expect((await pool.query('SELECT version FROM at_once.migrations')).rows).toEqual([
        { version: 1 },
        { version: 2 },
      ])
      await Promise.all(pools.map((each) => each.end()))
    })

    it('starts for a role that may not create anything', async () => {
      const schema = 'lesser'
      await createSqlStore(pool, { schema })
      await pool.query(`CREATE ROLE worker LOGIN PASSWORD 'worker'`)
      await pool.query(`GRANT USAGE ON SCHEMA lesser TO worker`)
      await pool.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA lesser TO worker`,
      )
      const url = new URL(server.url)
      url.username = 'worker'
      url.password = 'worker'
      const lesser = new Pool({ connectionString: url.href })
      await inFlight(await createSqlStore(lesser, { schema }))
      await lesser.end()
    })
  })

  it('keeps 230 jobs of 1.3 MB that come at once', async () => {
    const store = await createSqlStore(pool, { schema: 'large' })
    const addJob = coalesce(
      (jobs: readonly JobIntent[]) => store.addJobs(address, jobs, 100_000),
      500,
    )
    const value = 'x'.repeat(1_300_000)
    const all = names(230).map((id) => intentOf(id, { arguments: [value] }))
    const added = await Promise.all(all.map(addJob))
    expect(added.filter((answer) => answer?.created)).toHaveLength(230)
    expect(await store.countJobs(address)).toMatchObject({ queued: 230 })
    // In one call, too: it takes as many statements as it needs.
    const again = await store.addJobs(address, all, 100_000)
    expect(again.filter((answer) => answer?.created === false)).toHaveLength(230)
    await pool.query('DROP SCHEMA large CASCADE')
  }, 120_000)

  describe('the database itself refuses', () => {
    const uniqueViolation = { code: '23505' }
    const schema = 'guards'

    it('a second live attempt with one key and number', async () => {
      const { transactionId } = await inFlight(await createSqlStore(pool, { schema }))
      const second = (state: string) =>
        pool.query(
          `INSERT INTO guards.attempts (transaction_id, address, key_index, sequence_number, fence,
             state, holder, lease_until, transaction, reference_block_id, reference_height)
           SELECT $2 || transaction_id, address, key_index, sequence_number, fence, $2, holder,
             lease_until, transaction, reference_block_id, reference_height
           FROM guards.attempts WHERE transaction_id = $1`,
          [transactionId, state],
        )
      for (const state of ['open', 'executed'])
        await expect(second(state)).rejects.toMatchObject({
          ...uniqueViolation,
          constraint: 'attempts_alive',
        })
      await second('dead') // and so the twin: a dead one does not stand in the way
    })

    it('a second open attempt for one job', async () => {
      const again = pool.query(
        `INSERT INTO guards.attempt_jobs (transaction_id, place, address, job_id)
         SELECT 'dead' || transaction_id, place, address, job_id FROM guards.attempt_jobs`,
      )
      const constraint = 'attempt_jobs_open'
      await expect(again).rejects.toMatchObject({ ...uniqueViolation, constraint })
    })

    it.each([
      `UPDATE guards.proposal_keys SET state = 'lost'`,
      `UPDATE guards.proposal_keys SET sequence_number = -1`,
      `UPDATE guards.proposal_keys SET holder = NULL`,
      `UPDATE guards.jobs SET state = 'sent'`,
      `UPDATE guards.jobs SET state = 'done'`,
      `UPDATE guards.attempts SET state = 'gone'`,
    ])('%s', async (statement) => {
      await expect(pool.query(statement)).rejects.toMatchObject({ code: '23514' })
    })
  })

  describe('one server of two', () => {
    it('reads pages without a gap while others add', async () => {
      const store = await createSqlStore(pool, { schema: 'pages' })
      const ids = names(200)
      let added = false
      const adding = Promise.all(ids.map((id) => add(store, [id]))).then(() => {
        added = true
      })
      const read: string[] = []
      for (let last = false; !last; ) {
        last = added
        const afterId = read.at(-1)
        const query = { limit: 50, ...(afterId === undefined ? {} : { afterId }) }
        const page = await store.listJobs(address, query)
        read.push(...page.map(({ id }) => id))
        if (page.length > 0) last = false
      }
      await adding
      expect([...read].sort()).toEqual(ids)
    })

    it('survives the crash of the database with all that was promised', async () => {
      const store = await createSqlStore(pool, { schema: 'crash' })
      const opening = await inFlight(store, ['sent'])
      await store.enrollKeys(address, [{ keyIndex: 1, sequenceNumber: 5n }])
      await add(store, ['waits'])
      const held = await leaseOne(store)
      const [waits] = await claim(store)
      await server.crash()
      expect(await keyOf(store)).toMatchObject({
        state: 'in-flight',
        transactionId: opening.transactionId,
      })
      expect(await store.settleAttempts([settlementOf(opening)])).toEqual([true])
      const next = openingOf(held, waits ? [waits] : [])
      expect(await store.openAttempts([next])).toEqual([true])
      expect(await jobOf(store, 'waits')).toMatchObject({ state: 'in-flight' })
    })

    it('says so while the database is away', async () => {
      const away = new Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none' })
      await expect(createSqlStore(away)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await away.end()
    })
  })
})
