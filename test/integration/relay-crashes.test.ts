import { startFaultProxy } from '../support/fault-proxy.ts'
import { createRandom } from '../support/random.ts'
import { killAtRandom } from '../support/random-kills.ts'
import { createFastest, createFolder } from '../support/relay-database.ts'
import { pointNames, type ToldEvent } from '../support/relay-process.ts'
import { type RelayWorld, sound, startRelayWorld, untilAllDone } from '../support/relay-world.ts'
import { until } from '../support/until.ts'

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
process.stderr.write(`relay-crashes: CHAOS_SEED=${seed}\n`)

const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

describe('a relay that is killed', () => {
  let world: RelayWorld
  beforeAll(async () => {
    world = await startRelayWorld(createFastest, { copies: 100 })
  })
  afterEach(async () => {
    for (const one of world.processes) await one.signal('SIGKILL')
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  // Each process takes over from the one before, which died at the point before.
  it.each(pointNames)('at %s has stored all that it has accepted', async (point) => {
    const dying = world.start({ trap: { point, nth: 2, act: 'kill' } })
    // What it takes over may bring it to the point before it has told that it is ready.
    await Promise.race([dying.trapped, dying.ready])
    dying.submit(idsOf(point, 3))
    dying.submit(idsOf(`${point}-batch`, 3), { batch: true })
    // Steps for many jobs come together; one more after each that was signed makes another step.
    for (let more = 0; !dying.hasEnded(); more++) {
      const id = `${point}-more-${more}`
      dying.submit([id])
      const isSigned = ({ kind, ...event }: ToldEvent) =>
        kind === 'signed' && 'jobIds' in event && event.jobIds.includes(id)
      await until(() => dying.hasEnded() || dying.events.some(isSigned))
    }
    await dying.trapped
    expect((await dying.ended).signal).toBe('SIGKILL')
    const { jobs } = await world.database.read()
    expect([...dying.accepted].filter((id) => !jobs.has(id))).toEqual([])
  })

  it('at all those points leaves a next one that loses nothing and does nothing twice', async () => {
    const last = world.start()
    await untilAllDone(world, last)
    await last.signal('SIGTERM')
    expect(await world.audit()).toMatchObject(sound)
  })

  it('at 30 random moments loses nothing and does nothing twice', async () => {
    const report = await killAtRandom(world, {
      random: createRandom(seed),
      kills: 30,
      moments: { least: 50, most: 700 },
      mostJobs: 12,
      name: `seed-${seed}`,
    })
    expect(report.kills).toBe(30)
    expect(report.adopted).toBeGreaterThan(0)
    expect(await world.audit()).toMatchObject(sound)
  }, 180_000)

  it('by SIGTERM with 100 transactions in flight ends within 10 s and loses nothing', async () => {
    await using proxy = await startFaultProxy({ target: world.chain.url })
    const notExecuted = { code: 400, message: 'not executed' }
    proxy.setFault(({ path }) =>
      path.startsWith('/v1/transaction_results')
        ? { kind: 'status', status: 400, body: JSON.stringify(notExecuted) }
        : undefined,
    )
    const ending = world.start({ accessNode: proxy.url })
    await ending.ready
    ending.submit(idsOf('ending', 150))
    await until(async () => (await ending.stats()).transactions.inFlight >= 100)
    const started = performance.now()
    await ending.signal('SIGTERM')
    const { at, signal } = await ending.ended
    expect(signal).toBeNull()
    expect(at - started).toBeLessThan(10_000)
    const next = world.start()
    await untilAllDone(world, next)
    await next.signal('SIGTERM')
    expect(await world.audit()).toMatchObject(sound)
  })
})

it('a relay on a folder of PGlite that is killed loses nothing and does nothing twice', async () => {
  await using world = await startRelayWorld(createFolder)
  const report = await killAtRandom(world, {
    random: createRandom(seed),
    kills: 3,
    moments: { least: 50, most: 1_500 },
    name: `seed-${seed}`,
  })
  expect(report.kills).toBe(3)
  expect(await world.audit()).toMatchObject(sound)
}, 120_000)
