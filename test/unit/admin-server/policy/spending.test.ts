/** What is left of limits, by days in UTC and in all. */
import type { FunctionRules } from '../../../../examples/admin-server/src/config/config.ts'
import {
  type Database,
  openDatabase,
} from '../../../../examples/admin-server/src/database/database.ts'
import { migrate } from '../../../../examples/admin-server/src/database/migrate.ts'
import { lockAllowance, spend } from '../../../../examples/admin-server/src/policy/spending.ts'

let database: Database

beforeAll(async () => {
  database = await openDatabase({ folder: 'memory://' })
  await migrate(database)
})

afterAll(() => database?.close())

beforeEach(() => database.query('DELETE FROM spending'))

const rules = (limits: Partial<FunctionRules>): FunctionRules => ({
  roles: ['requester'],
  ...limits,
})
const both = rules({ maxAmountPerDay: 5, maxAmountInAll: 8 })
const left = (given: FunctionRules, name = 'mint') =>
  database.transaction((session) => lockAllowance(session, name, given))
const use = (amount: number, name = 'mint') =>
  database.transaction((session) => spend(session, name, amount))
const dayPasses = (days: number) =>
  database.query(
    `UPDATE spending SET day = day - $1::integer
    WHERE day = (clock_timestamp() AT TIME ZONE 'UTC')::date`,
    [days],
  )

it('has no bound without limits, and asks for no lock', async () => {
  expect(await left(rules({}))).toEqual({ today: Infinity, inAll: Infinity })
  expect(await database.query('SELECT FROM spending')).toEqual([])
})

it('counts today and all days', async () => {
  expect(await left(both)).toEqual({ today: 5, inAll: 8 })
  await use(3)
  await use(1)
  expect(await left(both)).toEqual({ today: 1, inAll: 4 })
})

it('begins anew with each day, but not in all', async () => {
  await use(5)
  await dayPasses(1)
  expect(await left(both)).toEqual({ today: 5, inAll: 3 })
  await use(3)
  await dayPasses(2)
  expect(await left(both)).toEqual({ today: 5, inAll: 0 })
})

it('has one limit without the other', async () => {
  await use(2)
  expect(await left(rules({ maxAmountPerDay: 5 }))).toEqual({ today: 3, inAll: Infinity })
  expect(await left(rules({ maxAmountInAll: 5 }))).toEqual({ today: Infinity, inAll: 3 })
})

it('counts also while there is no limit, for one that comes later', async () => {
  await left(rules({}))
  await use(4)
  expect(await left(both)).toEqual({ today: 1, inAll: 4 })
})

it('keeps functions apart', async () => {
  await use(5)
  expect(await left(both, 'transfer')).toEqual({ today: 5, inAll: 8 })
})

it('is below nothing when a limit was made smaller', async () => {
  await use(5)
  expect(await left(rules({ maxAmountPerDay: 2 }))).toEqual({ today: -3, inAll: Infinity })
})

it('counts nothing that was rolled back', async () => {
  const failed = database.transaction(async (session) => {
    await spend(session, 'mint', 5)
    throw new Error('rolled back')
  })
  await expect(failed).rejects.toThrow('rolled back')
  expect(await left(both)).toEqual({ today: 5, inAll: 8 })
})

it('writes nothing for an amount of nothing', async () => {
  await use(0)
  expect(await database.query('SELECT FROM spending')).toEqual([])
})

it('goes by the day in UTC, whatever zone the session is in', async () => {
  await database.query(`SET timezone = 'Pacific/Kiritimati'`) // fourteen hours ahead
  await use(1)
  const days = await database.query<{ day: string }>('SELECT day::text FROM spending')
  await database.query(`SET timezone = 'UTC'`)
  const [now] = await database.query<{ day: string }>('SELECT current_date::text AS day')
  expect(days).toEqual([now])
})
