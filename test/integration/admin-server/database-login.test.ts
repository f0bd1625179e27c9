import {
  type Database,
  openDatabase,
} from '../../../examples/admin-server/src/database/database.ts'
import { checkReadiness } from '../../../examples/admin-server/src/observability/readiness.ts'
import { freePorts } from '../../../src/testing/child-server.ts'
import { findPostgres, type Postgres, startPostgres } from '../../support/postgres.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED admin-server/database-login: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )
const describeWithPostgres = bin === undefined ? describe.skip : describe

describeWithPostgres('a PostgreSQL', () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres(bin ?? '')
  })
  afterAll(() => postgres?.stop())

  const changed = (change: (url: URL) => void): string => {
    const url = new URL(postgres.url)
    change(url)
    return url.href
  }
  async function refusalOf(url: string): Promise<unknown> {
    const database = await openDatabase({ url }).catch((thrown: unknown) => thrown)
    if (!(database instanceof Error)) await (database as Database).close()
    return database
  }

  it.each<[string, string, (url: URL) => void]>([
    ['a wrong password', 'DATABASE_LOGIN_REFUSED', (url) => Object.assign(url, { password: 'x' })],
    ['an unknown user', 'DATABASE_LOGIN_REFUSED', (url) => Object.assign(url, { username: 'x' })],
    ['an unknown database', 'DATABASE_MISSING', (url) => Object.assign(url, { pathname: '/x' })],
  ])('tells %s as such', async (_, code, change) => {
    const url = changed(change)
    const thrown = await refusalOf(url)
    expect(thrown).toMatchObject({ code, status: 503 })
    expect(JSON.stringify(thrown)).not.toContain(new URL(postgres.url).password)
  })

  it('that is not there is told as one that does not answer', async () => {
    const [port = 0] = await freePorts(1)
    const thrown = await refusalOf(changed((url) => Object.assign(url, { port })))
    expect(thrown).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      facts: { sqlState: 'ECONNREFUSED' },
    })
  })

  it.each(['host in the query', 'no host, and a user', 'host in the name'])(
    'is reached by its socket: %s',
    async (form) => {
      const { username, password, port } = new URL(postgres.url)
      const folder = encodeURIComponent(postgres.socketFolder)
      const url = {
        'host in the query': `postgresql:///postgres?host=${folder}&port=${port}&user=${username}&password=${password}`,
        'no host, and a user': `postgresql://${username}:${password}@/postgres?host=${folder}&port=${port}`,
        'host in the name': `postgresql://${username}:${password}@${folder}:${port}/postgres`,
      }[form]
      const database = await openDatabase({ url: url ?? '' })
      expect(await database.query('SELECT inet_client_addr() AS address')).toEqual([
        { address: null },
      ])
      await database.close()
    },
  )

  it('that has no room on its disk is not ready, though it reads', async () => {
    const database = await openDatabase({ url: postgres.url })
    const check = () =>
      checkReadiness({
        database,
        accountKeys: { read: async () => [] } as unknown as Parts['accountKeys'], // no more is asked
        relay: { stats: async () => ({}) } as unknown as Parts['relay'], // of this one neither
        rotating: { current: () => ({ open: undefined, held: false }) },
        closing: new AbortController().signal,
      })()
    expect((await check()).checks.database).toBe('ok')
    await database.query("ALTER SYSTEM SET temp_file_limit = '64kB'")
    await database.query('SELECT pg_reload_conf()')
    const limit = () => database.query<{ temp_file_limit: string }>('SHOW temp_file_limit')
    while ((await limit())[0]?.temp_file_limit !== '64kB');
    expect(await check()).toMatchObject({
      status: 'not-ready',
      checks: { database: 'disk-full' },
    })
    await database.close()
  })
})

type Parts = Parameters<typeof checkReadiness>[0]
