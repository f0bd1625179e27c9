import { createHash } from 'node:crypto'
import { Pool } from 'pg'
import { createSqlKeyStore } from '../../src/signers/sealed-key/index.ts'
import { createSqlStore } from '../../src/stores/index.ts'
import { describeKeyStoreContract } from '../contract/sealed-key-stores.ts'
import { findPostgres, type Postgres, startPostgres } from '../support/postgres.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED sealed-key-postgres: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )
const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('with PostgreSQL', () => {
  let server: Postgres
  let pool: Pool
  beforeAll(async () => {
    server = await startPostgres(bin ?? '')
    pool = new Pool({ connectionString: server.url, max: 10 })
  })
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  describeKeyStoreContract('the store in PostgreSQL', async (test) => {
    const schema = `test_${createHash('sha256').update(test).digest('hex').slice(0, 16)}`
    const [store, other] = await Promise.all([
      createSqlKeyStore(pool, { schema }),
      createSqlKeyStore(pool, { schema }),
    ])
    return { store, other }
  })

  it('takes no schema that holds something else', async () => {
    await createSqlStore(pool, { schema: 'relay' })
    await expect(createSqlKeyStore(pool, { schema: 'relay' })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option: 'schema' },
    })
  })

  it('keeps a record over a power cut', async () => {
    const record = new Uint8Array(400).fill(7)
    const store = await createSqlKeyStore(pool)
    expect(await store.create('a', record)).toBe(true)
    pool.on('error', () => undefined)
    await server.crash()
    expect(await store.read('a')).toEqual(record)
  })
})
