/** Versions of the server beside each other on one PostgreSQL, which the version before has filled. */
import { readFileSync } from 'node:fs'
import { createAudit } from '../../../examples/admin-server/src/audit/chain.ts'
import { openDatabase } from '../../../examples/admin-server/src/database/database.ts'
import { migrate } from '../../../examples/admin-server/src/database/migrate.ts'
import { type Release, release } from '../../../examples/admin-server/src/database/release.ts'
import { hasPostgres, startPostgresHost } from '../../support/admin-server/process-database.ts'

const filledBefore = readFileSync(
  new URL('../../vectors/released/admin-server-1.sql', import.meta.url),
  'utf8',
)
const known = release.tables.length
const later: Release = {
  ...release,
  tables: [...release.tables, 'CREATE TABLE later (id integer PRIMARY KEY);'],
  functions: `${release.functions}
    CREATE OR REPLACE FUNCTION later() RETURNS text LANGUAGE sql AS $$ SELECT 'later' $$;`,
}

const withPostgres = hasPostgres() ? it : it.skip
if (!hasPostgres())
  process.stderr.write(
    'SKIPPED migrate: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )

withPostgres('versions that start at once settle on the newer, and the audit goes on', async () => {
  await using host = await startPostgresHost()
  await using place = await host.createDatabase()
  const open = () => openDatabase({ url: place.url })
  const databases = [await open()]
  await databases[0]?.query('DROP SCHEMA mint_admin CASCADE')
  const [filler] = databases
  if (filler === undefined || !('totalCount' in filler.forRelay)) throw new Error('no pool')
  await filler.forRelay.query(filledBefore)
  databases.push(...(await Promise.all(Array.from({ length: 5 }, open))))
  const starts = databases.map((database, index) =>
    migrate(database, index % 2 === 0 ? later : release),
  )
  for (const { to } of await Promise.all(starts)) expect([known, known + 1]).toContain(to)
  expect(await filler.query('SELECT later() AS text')).toEqual([{ text: 'later' }])
  // An older one that starts afterwards.
  expect(await migrate(filler)).toEqual({ from: known + 1, to: known + 1 })
  expect(await filler.query('SELECT version FROM functions')).toEqual([{ version: known + 1 }])
  expect(await createAudit(filler).verify()).toMatchObject({ intact: true, verified: 7 })
  await Promise.all(databases.map((database) => database.close()))
})
