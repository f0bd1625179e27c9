/** The sentences about a schema that processes of several versions share. @module */
import { readFileSync } from 'node:fs'
import { createSqlStore, type SqlDatabase } from '../../src/stores/index.ts'
import { migrate } from '../../src/stores/sql/migrate.ts'
import { type Release, release } from '../../src/stores/sql/release.ts'
import { createRunner } from '../../src/stores/sql-database.ts'
import { add, address, claim, keyOf, sure } from './store-fixtures.ts'

/** A database without any schema of ours. */
export type VersionSubject = {
  readonly database: SqlDatabase
  /** Several statements. */
  readonly exec: (text: string) => Promise<unknown>
}

const schema = '"fcl_kms"'
const released = (file: string) =>
  readFileSync(new URL(`../vectors/released/${file}`, import.meta.url), 'utf8')
const known = release.tables.length
/** Filled by the code of commit fc8f584; see the README of the folder. */
const filledBefore = released('store-1.sql')
/** The statements of a process of that commit, and what it was answered. */
const calls = JSON.parse(released('store-1-calls.json')) as readonly {
  readonly text: string
  readonly parameters: readonly string[]
  readonly rows: readonly unknown[]
}[]

/** A version after this one, whose jobs come with another cost. */
const laterWith = (change: Partial<Release>): Release => ({
  ...release,
  tables: [...release.tables, (name) => `CREATE TABLE ${name}.later (id integer PRIMARY KEY);`],
  functions: (name) => `${release.functions(name)}
    CREATE OR REPLACE FUNCTION ${name}.prune(the_address text, age interval)
    RETURNS SETOF text LANGUAGE sql AS $later$ SELECT '77' $later$;`,
  ...change,
})

export function describeVersions(open: () => VersionSubject): void {
  let subject: VersionSubject
  beforeEach(() => {
    subject = open()
  })
  afterEach(() => subject.exec('DROP SCHEMA fcl_kms CASCADE'))

  const migrateTo = (one: Release) => migrate(createRunner(subject.database, 60_000), schema, one)
  const rows = async (text: string) => (await subject.database.query(text)).rows
  /** What `prune` answers tells whose functions stand: there is nothing to prune. */
  const pruned = async () => {
    const text = `SELECT p FROM ${schema}.prune('0x01', interval '1 day') AS p`
    return (await rows(text))[0]
  }

  it('takes over what the version before has left in flight, queued and held', async () => {
    await subject.exec(filledBefore)
    const store = await createSqlStore(subject.database)
    expect(await rows('SELECT version FROM fcl_kms.migrations ORDER BY version')).toEqual([
      { version: 1 },
      { version: 2 },
    ])
    expect(await store.countJobs(address)).toEqual({
      ...{ queued: 3, claimed: 1, 'in-flight': 2, done: 1, failed: 1 },
      ...{ cancelled: 1, quarantined: 1 },
    })
    const adopted = await store.adoptAttempts({ address, holder: 'new', leaseMs: 60_000 })
    expect(adopted.map(({ jobIds }) => jobIds)).toEqual([['open'], ['executed']])
    const open = sure(adopted[0])
    expect(open).toMatchObject({ fence: 2, transaction: Uint8Array.of(0xf8, 0, 255, 0) })
    const { transactionId, fence } = open
    const jobs = [{ id: 'open', state: 'done' as const }]
    const key = { nextSequenceNumber: 11n }
    const sealed = { transactionId, fence, state: 'sealed' as const, blockHeight: 2_000, key, jobs }
    expect(await store.settleAttempts([sealed])).toEqual([true])
    expect(await keyOf(store)).toMatchObject({ state: 'free', sequenceNumber: 11n })
    expect((await claim(store, 9)).map(({ id }) => id)).toEqual([
      ...['dead', 'claimed', 'queued', 'of-a-batch'],
    ])
    const [job] = await store.getJobs(address, ['queued'])
    expect(job).toMatchObject({ arguments: ['{"type":"String","value":"ä 漢"}'], batch: null })
    expect(job?.cadence).toContain('transaction(text: String)')
  })

  it('reads the holds of the version before as that one ended them', async () => {
    await subject.exec(filledBefore)
    const store = await createSqlStore(subject.database)
    const holdOf = async (digit: number) => store.readHold(`0x000000000000000${digit}`)
    const reason = 'a reason'
    expect(await holdOf(1)).toEqual({
      paused: false,
      hold: { code: 'NODES_DISAGREE', reason, end: 'operator' },
    })
    expect(await holdOf(2)).toMatchObject({ hold: { code: 'PAYER_CANNOT_PAY', end: 'executed' } })
    expect(await holdOf(3)).toEqual({
      paused: true,
      hold: { code: 'KMS_ACCESS_DENIED', reason, end: 'signed' },
    })
    expect(await store.clearHold(address, 'NODES_DISAGREE')).toMatchObject({ hold: { reason } })
  })

  it('takes no word of the version before for that of another hold', async () => {
    const store = await createSqlStore(subject.database)
    const operator = { code: 'A_NEW_CODE', reason: '', end: 'operator' as const }
    expect(await store.setHold(address, operator)).toEqual({ paused: false, hold: operator })
    // As version 1 ends a hold, and sets one.
    await rows(`UPDATE fcl_kms.relays SET hold_code = NULL, hold_reason = NULL`)
    expect(await store.readHold(address)).toEqual({ paused: false, hold: null })
    await rows(`UPDATE fcl_kms.relays SET hold_code = 'KMS_ACCESS_DENIED', hold_reason = 'grant'`)
    expect(await store.readHold(address)).toMatchObject({ hold: { end: 'signed' } })
  })

  it('puts its functions in the place of older ones, and of none else', async () => {
    await subject.exec(filledBefore)
    await createSqlStore(subject.database)
    expect(await pruned()).toEqual({ p: '0' })
    await migrateTo(laterWith({}))
    expect(await pruned()).toEqual({ p: '77' })
    // An older process that starts beside it, and one after the other.
    const store = await createSqlStore(subject.database)
    await migrateTo(release)
    expect(await pruned()).toEqual({ p: '77' })
    expect((await add(store, ['served']))[0]?.created).toBe(true)
    expect(await rows('SELECT version, serves FROM fcl_kms.functions')).toEqual([
      { version: known + 1, serves: 1 },
    ])
  })

  it('puts functions back whose text is another under the same number', async () => {
    const text = (name: string) => laterWith({}).functions(name)
    await migrateTo({ ...release, functions: text })
    expect(await pruned()).toEqual({ p: '77' })
    await migrateTo(release)
    expect(await pruned()).toEqual({ p: '0' })
  })

  it('is settled on by versions that start at once, whoever comes first', async () => {
    const later = laterWith({})
    const starts = [release, later, release, later, release, later]
    await Promise.all(starts.map(migrateTo))
    expect(await pruned()).toEqual({ p: '77' })
    expect(await rows('SELECT count(*)::integer AS count FROM fcl_kms.migrations')).toEqual([
      { count: known + 1 },
    ])
  })

  it('looks again when it has the lock: a newer one may have come meanwhile', async () => {
    const run = createRunner(subject.database, 60_000)
    let first = true
    const slow: typeof run = async (operation, text, ...parameters) => {
      if (first && text.includes('DO $migration$')) {
        first = false
        await migrateTo(laterWith({}))
      }
      return run(operation, text, ...parameters)
    }
    await migrate(slow, schema, release)
    expect(first).toBe(false)
    expect(await pruned()).toEqual({ p: '77' })
  })

  it('refuses a process that the functions of a later version do not serve', async () => {
    await createSqlStore(subject.database)
    await migrateTo(laterWith({ serves: known + 1 }))
    await expect(createSqlStore(subject.database)).rejects.toMatchObject({
      code: 'STORE_VERSION_UNKNOWN',
      context: { version: known + 1, known },
    })
    expect(await pruned()).toEqual({ p: '77' })
  })

  it('serves what a process of version 1 that still runs asks for', async () => {
    await subject.exec(filledBefore)
    await createSqlStore(subject.database)
    const told: unknown[] = []
    for (const { text, parameters } of calls)
      told.push(withoutTimes((await subject.database.query(text, [...parameters])).rows))
    expect(told).toEqual(calls.map(({ rows }) => withoutTimes(rows)))
  })
}

/** Of jobs. */
const withoutTimes = (given: readonly unknown[]): unknown =>
  JSON.parse(JSON.stringify(given).replace(/((?:created|finished)At\\" : )\d+/g, '$1 0'))
