/** A clock of the database that jumps: what waits keeps the time that it had, and it is told. */

import { expireRequests } from '../../../../examples/admin-server/src/requests/cancel.ts'
import { createClockWatch } from '../../../../examples/admin-server/src/requests/clock.ts'
import { type Approvals, openApprovals } from '../../../support/admin-server/approval-world.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

let world: Approvals
beforeAll(async () => {
  world = await openApprovals()
  const { database } = world
  // Found before that of PostgreSQL, as somebody finds who sets the clock of the machine.
  await database.query('CREATE TABLE clock_shift AS SELECT 0::bigint AS ms')
  await database.query(`CREATE FUNCTION mint_admin.clock_timestamp() RETURNS timestamptz
    LANGUAGE sql AS $$ SELECT pg_catalog.clock_timestamp()
      + (SELECT ms FROM mint_admin.clock_shift) * interval '1 millisecond' $$`)
  await database.query('SET search_path TO mint_admin, pg_catalog')
})
beforeEach(async () => {
  await shift(0)
  await world.database.query(
    `UPDATE requests SET state = 'expired' WHERE state IN ('waiting', 'ready')`,
  )
})
afterAll(() => world?.[Symbol.asyncDispose]())

const shift = (ms: number) => world.database.query('UPDATE clock_shift SET ms = $1', [ms])
const expiryOf = async (asked: Awaited<ReturnType<Approvals['mint']>>) =>
  (await world.read(asked)).expiresAt.getTime()
const jumps = async () =>
  (await world.audit.list({ kind: 'clock', limit: 100 })).map(({ facts }) => facts)

/** As the loop of the server does it. */
async function tick(look: ReturnType<typeof createClockWatch>) {
  const { now, jump } = await look()
  if (now !== undefined) await expireRequests(world.context, now)
  return jump
}

it('a request that waits expires by a jump when nobody looks at the clock', async () => {
  const asked = await world.mint('shop')
  await shift(DAY)
  await world.expire()
  expect((await world.read(asked)).state).toBe('expired')
})

it('a jump forward moves what waits, is told, and moves it back with the clock', async () => {
  const asked = await world.mint('shop')
  const before = await expiryOf(asked)
  const look = createClockWatch(world.context)
  expect(await tick(look)).toBeUndefined()
  await shift(DAY)
  const jump = await tick(look)
  expect(jump).toMatchObject({ moved: 1 })
  expect(Math.abs((jump?.byMs ?? 0) - DAY)).toBeLessThan(MINUTE)
  expect((await world.read(asked)).state).toBe('waiting')
  expect(Math.abs((await expiryOf(asked)) - before - DAY)).toBeLessThan(MINUTE)
  await world.approve('alice', asked)
  expect(await tick(look)).toBeUndefined()
  await shift(0)
  expect(await tick(look)).toMatchObject({ byMs: expect.any(Number), moved: 1 })
  expect(Math.abs((await expiryOf(asked)) - before)).toBeLessThan(MINUTE)
  const [first, second] = (await jumps()).slice(-2)
  expect(first).toMatchObject({ moved: 1 })
  expect(Number(second?.['byMs'])).toBeLessThan(-DAY + MINUTE)
  expect(await world.audit.verify()).toMatchObject({ intact: true })
})

it('a process that starts after a jump leaves what waits to those that notice it', async () => {
  const asked = await world.mint('shop')
  const [older, younger] = [createClockWatch(world.context), createClockWatch(world.context)]
  await tick(older)
  await shift(DAY)
  expect(await tick(younger)).toBeUndefined()
  expect((await world.read(asked)).state).toBe('waiting')
  expect(await tick(older)).toMatchObject({ moved: 1 })
  expect(await tick(younger)).toBeUndefined()
  expect((await world.read(asked)).state).toBe('waiting')
})

it('of two processes that notice, one moves it', async () => {
  const asked = await world.mint('shop')
  const before = await expiryOf(asked)
  const looks = [createClockWatch(world.context), createClockWatch(world.context)]
  for (const look of looks) await tick(look)
  await shift(DAY)
  const found = []
  for (const look of looks) found.push(await tick(look))
  expect(found).toMatchObject([{ moved: 1 }, undefined])
  expect(Math.abs((await expiryOf(asked)) - before - DAY)).toBeLessThan(MINUTE)
})

it('time that passed is no jump, and what is over by it expires', async () => {
  const asked = await world.mint('shop')
  let passed = 0
  const look = createClockWatch(world.context, () => passed)
  await tick(look)
  await shift(DAY)
  passed = DAY
  expect(await tick(look)).toBeUndefined()
  expect((await world.read(asked)).state).toBe('expired')
})

it('less than a minute is no jump', async () => {
  const asked = await world.mint('shop')
  const before = await expiryOf(asked)
  const look = createClockWatch(world.context, () => 0)
  await tick(look)
  await shift(MINUTE / 2)
  expect(await tick(look)).toBeUndefined()
  expect(await expiryOf(asked)).toBe(before)
})

it('no jump makes an approval last longer', async () => {
  const asked = await world.mint('shop')
  await world.approve('alice', asked)
  const lasts = async () => {
    const [row] = await world.database.query<{ at: Date }>(
      'SELECT expires_at AS at FROM approvals WHERE request_id = $1',
      [asked.row.id],
    )
    return row?.at.getTime() ?? 0
  }
  const before = await lasts()
  const look = createClockWatch(world.context)
  await tick(look)
  await shift(5 * MINUTE)
  expect(await tick(look)).toMatchObject({ moved: expect.any(Number) })
  expect(await lasts()).toBe(before)
  await shift(0)
  await tick(look)
  expect(Math.abs((await lasts()) - before + 5 * MINUTE)).toBeLessThan(MINUTE)
})

it('records that are made after a clock was ahead say what it says now', async () => {
  await shift(2 * DAY)
  const ahead = await world.mint('shop')
  await shift(0)
  const after = await world.mint('shop')
  const recordOf = async ({ row }: typeof ahead) =>
    (await world.audit.list({ requestId: row.id, kind: 'request', limit: 1 }))[0]
  const [first, second] = [await recordOf(ahead), await recordOf(after)]
  expect(first?.facts).not.toHaveProperty('clock')
  expect(second?.at).toBe(first?.at)
  expect(Math.abs(Number(second?.facts['clock']) - Date.now())).toBeLessThan(MINUTE)
  expect(await world.audit.verify()).toMatchObject({ intact: true })
})
