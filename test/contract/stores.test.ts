import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { PGlite } from '@electric-sql/pglite'
import { createMemoryStore, createSqlStore, type SqlDatabase } from '../../src/stores/index.ts'
import { describeStoreContract } from './store-contract.ts'
import { address, inFlight, intentOf, jobOf, keyOf, settlementOf } from './store-fixtures.ts'

describeStoreContract('the memory store', async () => ({
  store: createMemoryStore(),
  remove: async () => undefined,
}))

let database: PGlite
beforeAll(async () => {
  database = await PGlite.create()
})
afterAll(() => database.close())

const schemaOf = (test: string) =>
  `test_${createHash('sha256').update(test).digest('hex').slice(0, 16)}`

describeStoreContract('the SQL store on PGlite', async (test) => {
  const schema = schemaOf(test)
  return {
    store: await createSqlStore(database, { schema }),
    remove: async () => {
      await database.exec(`DROP SCHEMA ${schema} CASCADE`)
    },
  }
})

describe('createSqlStore', () => {
  it('keeps everything over a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fcl-kms-pglite-'))
    const first = await PGlite.create(join(folder, 'data'))
    const opening = await inFlight(await createSqlStore(first), ['b', 'a'])
    await first.close()
    const second = await PGlite.create(join(folder, 'data'))
    const store = await createSqlStore(second)
    const { transactionId, transaction } = opening
    expect(await keyOf(store)).toMatchObject({ state: 'in-flight', transactionId })
    expect(await store.listAttempts(address, 'a')).toMatchObject([{ transactionId, transaction }])
    expect(await store.settleAttempts([settlementOf(opening)])).toEqual([true])
    expect(await jobOf(store, 'a')).toMatchObject({ state: 'done' })
    await second.close()
    rmSync(folder, { recursive: true })
  })

  it.each(['', 'Fcl', '1a', 'a-b', 'a"b', 'pg_fcl', 'x'.repeat(64)])(
    'refuses the schema %j',
    async (schema) => {
      const refusal = { code: 'INVALID_OPTION', context: { option: 'schema' } }
      await expect(createSqlStore(database, { schema })).rejects.toMatchObject(refusal)
    },
  )

  it('refuses an option that it does not know', async () => {
    const misspelt = { shcema: 'a' } as object
    await expect(createSqlStore(database, misspelt)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  it('takes a word of SQL as the name of a schema', async () => {
    const store = await createSqlStore(database, { schema: 'table' })
    expect(await store.countJobs(address)).toMatchObject({ queued: 0 })
  })

  it('refuses tables that a later version has changed', async () => {
    const schema = 'later'
    await createSqlStore(database, { schema })
    await database.query('INSERT INTO later.migrations (version) VALUES (99)')
    await expect(createSqlStore(database, { schema })).rejects.toMatchObject({
      code: 'STORE_VERSION_UNKNOWN',
      context: { version: 99, known: 2 },
    })
  })

  it('gives the database the blame, without its text', async () => {
    const cause = new Error('secret row')
    const dead: SqlDatabase = { query: () => Promise.reject(cause) }
    const failure = await createSqlStore(dead).catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      disposition: 'retry',
      context: { operation: 'migrate' },
      cause,
    })
    expect(String(failure)).not.toContain('secret')
  })

  it('shows no parameter of a statement that failed', async () => {
    const store = await createSqlStore(database, { schema: 'dropped' })
    await database.exec('DROP SCHEMA dropped CASCADE')
    const adding = store.addJobs(address, [intentOf('the-secret-job')], 1)
    const failure = await adding.catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE', context: { operation: 'addJobs' } })
    expect(inspect(failure, { depth: 9 })).not.toContain('the-secret-job')
  })
})
