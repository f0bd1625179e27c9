/** Databases that processes of several versions share, and one that the version before has filled. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { FIRST_HASH, MAX_BODY_BYTES } from '../../../examples/admin-server/src/audit/tables.ts'
import {
  type Database,
  openDatabase,
} from '../../../examples/admin-server/src/database/database.ts'
import { migrate } from '../../../examples/admin-server/src/database/migrate.ts'
import { type Release, release } from '../../../examples/admin-server/src/database/release.ts'
import { bindApprovals, configWith, halves } from '../../support/admin-server/approval-world.ts'

const known = release.tables.length
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const filledBefore = readFileSync(
  new URL('../../vectors/released/admin-server-1.sql', import.meta.url),
  'utf8',
)

/** A version after this one, whose head of the audit trail may also stay where it is. */
const laterWith = (change: Partial<Release>): Release => ({
  ...release,
  tables: [...release.tables, 'CREATE TABLE later (id integer PRIMARY KEY);'],
  functions: `${release.functions}
    CREATE OR REPLACE FUNCTION audit_head_forward() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RETURN NEW;
    END $$;`,
  ...change,
})

let database: Database

beforeAll(async () => {
  database = await openDatabase({ folder: 'memory://' })
})

beforeEach(() => exec('DROP SCHEMA mint_admin CASCADE; CREATE SCHEMA mint_admin'))

afterAll(() => database.close())

/** Several statements. */
async function exec(text: string): Promise<void> {
  const pglite = database.forRelay
  if (!('exec' in pglite)) throw new Error('not a PGlite')
  await pglite.exec(text)
}

const headMayStay = async () =>
  database.query('UPDATE audit_head SET sequence = sequence').then(
    () => true,
    () => false,
  )

describe('a released version', () => {
  // Databases have run these texts: a change of one is a new version, and a new row here.
  it.each([
    [1, 'a8f077968e47a8687e4dddbef7f3fcaf0c84e10754b7c8b85f26f1f1cedc99d5'],
    [2, 'f00cf9eac8c850383d282aac4b0a00f5cc0712c401e2d2075089737598813cc4'],
    [3, 'b451ccf00c2710eb58e06efad6d67fb7d597dbb7f5a453db77c2e2026c0fc243'],
    [4, '937518a125d87cdd122952ff7cf4073d4714b3c37f265a725d49dc4083dac6cb'],
  ])('%i of the tables is frozen text', (version, hash) => {
    expect(hashOf(release.tables[version - 1] ?? '')).toBe(hash)
  })

  it('has a number for each text of its functions', () => {
    expect([release.tables.length, hashOf(release.functions)]).toEqual([
      4,
      '517c409edf2276924b01e8a4b6995d3a479f1917475272b507fe5c8fae09e732',
    ])
  })

  it('has the values in its frozen text that the code takes for them', () => {
    expect(release.tables[0]).toContain(`octet_length(body) <= ${MAX_BODY_BYTES})`)
    expect(release.tables[0]).toContain(`VALUES (0, 0, '${FIRST_HASH}')`)
  })
})

describe('migrate', () => {
  it('makes the tables once', async () => {
    expect(await migrate(database)).toEqual({ from: 0, to: known })
    expect(await migrate(database)).toEqual({ from: known, to: known })
    expect(await database.query('SELECT count(*) AS count FROM requests')).toEqual([{ count: 0 }])
    expect(await headMayStay()).toBe(false)
  })

  it('takes over what the version before has left: requests, approvals and the audit', async () => {
    await exec(`DROP SCHEMA mint_admin CASCADE; ${filledBefore}`)
    expect(await migrate(database)).toEqual({ from: 1, to: known })
    const world = bindApprovals(database, configWith(), halves)
    expect(await world.audit.verify()).toMatchObject({ intact: true })
    const states = await database.query<{ key: string; state: string }>(
      'SELECT idempotency_key AS key, state FROM requests ORDER BY position',
    )
    expect(states).toEqual([
      { key: 'waits', state: 'waiting' },
      { key: 'released', state: 'released' },
      { key: 'ready', state: 'ready' },
      { key: 'cancelled', state: 'cancelled' },
    ])
    // The same key is the same request still, and a new one is recorded behind the old ones.
    expect(await world.mint('shop', ['Waits'], 'waits')).toMatchObject({ created: false })
    const added = await world.mint('shop', ['New'], 'new')
    expect(await world.kinds(added)).toEqual(['request'])
    expect(await world.audit.verify()).toMatchObject({ intact: true })
    const changed = database.query(`UPDATE audit SET actor = 'mallory'`)
    await expect(changed).rejects.toMatchObject({ code: 'DATABASE_REFUSED' })
    expect(await headMayStay()).toBe(false)
  })

  it('puts its functions in the place of older ones, and of none else', async () => {
    await migrate(database)
    expect(await migrate(database, laterWith({}))).toEqual({ from: known, to: known + 1 })
    expect(await headMayStay()).toBe(true)
    // An older process that starts beside it.
    expect(await migrate(database)).toEqual({ from: known + 1, to: known + 1 })
    expect(await headMayStay()).toBe(true)
    expect(await database.query('SELECT version, serves FROM functions')).toEqual([
      { version: known + 1, serves: 1 },
    ])
  })

  it('puts functions back whose text is another under the same number', async () => {
    await migrate(database, { ...release, functions: laterWith({}).functions })
    expect(await headMayStay()).toBe(true)
    expect(await migrate(database)).toEqual({ from: known, to: known })
    expect(await headMayStay()).toBe(false)
  })

  it('refuses tables of a later version that does not serve this one', async () => {
    await migrate(database, laterWith({ serves: known + 1 }))
    await expect(migrate(database)).rejects.toMatchObject({
      code: 'DATABASE_TOO_NEW',
      facts: { version: known + 1, known },
    })
    expect(await headMayStay()).toBe(true)
  })

  it('refuses tables of a later version that does not say whom it serves', async () => {
    await migrate(database)
    await database.query('INSERT INTO migrations (version) VALUES (99)')
    await expect(migrate(database)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' })
  })
})
