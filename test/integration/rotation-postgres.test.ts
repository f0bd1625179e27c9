import { createHash } from 'node:crypto'
import { Pool } from 'pg'
import { createSqlRotations } from '../../src/provisioning/index.ts'
import { createSqlStore } from '../../src/stores/index.ts'
import { address, describeRotationStore, recordOf } from '../contract/rotation-stores.ts'
import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED rotation-postgres: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
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

  describeRotationStore('rotations in PostgreSQL', async (test) => {
    const schema = `test_${createHash('sha256').update(test).digest('hex').slice(0, 16)}`
    const [store, other] = await Promise.all([
      createSqlRotations(pool, { schema }),
      createSqlRotations(pool, { schema }),
    ])
    return { store, other }
  })

  it('shares a schema with the tables of a relay, whichever comes first', async () => {
    for (const schema of ['relay_first', 'rotations_first']) {
      const makers = [
        () => createSqlStore(pool, { schema }),
        () => createSqlRotations(pool, { schema }),
      ]
      for (const make of schema === 'relay_first' ? makers : makers.reverse()) await make()
      const rotations = await createSqlRotations(pool, { schema })
      expect(await rotations.begin(recordOf())).toBe(true)
      expect(await (await createSqlStore(pool, { schema })).listKeys(address)).toEqual([])
    }
  })

  it('may be started by ten processes at once, and by a role that may create nothing', async () => {
    const pools = Array.from({ length: 10 }, () => new Pool({ connectionString: server.url }))
    await Promise.all(pools.map((each) => createSqlRotations(each, { schema: 'at_once' })))
    await Promise.all(pools.map((each) => each.end()))
    await pool.query(`CREATE ROLE reader LOGIN PASSWORD 'reader'`)
    await pool.query('GRANT USAGE ON SCHEMA at_once TO reader')
    await pool.query('GRANT SELECT ON at_once.rotations TO reader')
    const url = server.url.replace(/\/\/.*@/, '//reader:reader@')
    const lesser = new Pool({ connectionString: url })
    const rotations = await createSqlRotations(lesser, { schema: 'at_once' })
    expect(await rotations.list()).toEqual([])
    await expect(rotations.begin(recordOf())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await lesser.end()
  })

  it('keeps a record over a power cut', async () => {
    const rotations = await createSqlRotations(pool)
    await rotations.begin(recordOf())
    await rotations.replace(recordOf({ revision: 1, step: 'add' }), 0)
    await server.crash()
    expect(await rotations.read(address)).toEqual(recordOf({ revision: 1, step: 'add' }))
  })

  it.each([
    ['a record that is no JSON', `record = 'x'`],
    ['a record of another revision', 'revision = 7'],
    ['a record of another state', `state = 'done'`],
  ])('tells %s by a code', async (_, change) => {
    const schema = `spoilt_${change.slice(0, 4).trim()}`
    const rotations = await createSqlRotations(pool, { schema })
    await rotations.begin(recordOf())
    await pool.query(`UPDATE ${schema}.rotations SET ${change}`)
    const refused = { code: 'ROTATION_RECORD_INVALID', context: { address } }
    await expect(rotations.read(address)).rejects.toMatchObject(refused)
    await expect(rotations.list()).rejects.toMatchObject(refused)
  })
})
