import { PGlite } from '@electric-sql/pglite'
import { createSqlStore } from '../../../src/stores/index.ts'
import { add, address, intentOf } from '../../contract/store-fixtures.ts'

/** Jobs that wait, as many as make a table that the planner does not read whole. */
const FOREIGN = 5_000

const indexesOf = (plan: unknown): readonly string[] =>
  [...JSON.stringify(plan).matchAll(/"Index Name":"(\w+)"/g)].map(([, name = '']) => name)

describe('a claim of known templates', () => {
  let database: PGlite
  beforeAll(async () => {
    database = await PGlite.create()
  })
  afterEach(() => database.exec('DROP SCHEMA fcl_kms CASCADE'))
  afterAll(() => database.close())

  it.each([null, 'mint'])(
    'does not read past the jobs of others, when statistics know jobs of %j alone',
    async (batch) => {
      let asked: { readonly text: string; readonly parameters: readonly unknown[] } | undefined
      const store = await createSqlStore({
        query(text, parameters) {
          if (text.includes('holder = $3')) asked = { text, parameters: parameters ?? [] }
          return database.query(text, parameters)
        },
      })
      await add(store, ['first'])
      const fill = async (from: number, given: string | null) =>
        database.query(
          `INSERT INTO fcl_kms.jobs
            (address, id, intent_hash, script, arguments, compute_limit, batch)
          SELECT address, $1 || n, intent_hash, script, arguments, compute_limit, $2
          FROM fcl_kms.jobs, generate_series(1, ${FOREIGN}) AS n WHERE id = 'first'`,
          [`${from} `, given],
        )
      await fill(1, batch)
      await database.exec(`ANALYZE fcl_kms.jobs; UPDATE fcl_kms.jobs
        SET state = 'done', finished_at = now()`)
      await fill(2, 'unknown')
      await store.addJobs(address, [intentOf('good', { batch })], 100_000)

      const wanted = { address, limit: 400, holder: 'one', leaseMs: 1, batches: ['burn', 'mint'] }
      expect((await store.claimJobs(wanted)).map(({ id }) => id)).toEqual(['good'])
      const explain = `EXPLAIN (FORMAT JSON) ${asked?.text}`
      const { rows } = await database.query(explain, [...(asked?.parameters ?? [])])
      expect(indexesOf(rows)).toEqual(['jobs_to_claim', 'jobs_to_claim', 'jobs_pkey'])
    },
  )
})
