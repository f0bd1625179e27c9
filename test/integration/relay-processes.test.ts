import { findPostgres } from '../support/postgres.ts'
import { createServer } from '../support/relay-database.ts'
import type { RelayProcess, ToldEvent } from '../support/relay-process.ts'
import {
  leaseMs,
  type RelayWorld,
  sound,
  startRelayWorld,
  untilAllDone,
} from '../support/relay-world.ts'
import { until } from '../support/until.ts'

const bin = findPostgres()
if (bin === undefined)
  process.stderr.write(
    'SKIPPED relay-processes: no PostgreSQL 15 or newer found (apt-get install postgresql)\n',
  )

const describeWithPostgres = bin === undefined ? describe.skip : describe

const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`)

const ofKind = <K extends ToldEvent['kind']>(one: RelayProcess, kind: K) =>
  one.events.filter((event): event is Extract<ToldEvent, { kind: K }> => event.kind === kind)

const isIdle = async (one: RelayProcess) => {
  const { transactions } = await one.stats()
  return transactions.preparing === 0 && transactions.inFlight === 0
}

describeWithPostgres('two relays on one database', () => {
  let world: RelayWorld
  beforeAll(async () => {
    world = await startRelayWorld(() => createServer(bin ?? ''))
  })
  afterEach(async () => {
    for (const one of world.processes) await one.signal('SIGKILL')
    expect(await world.audit()).toMatchObject(sound)
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('share jobs and keys, and use each key and number once', async () => {
    // Without templates, so that none claims a batch at a time; each with room for half of the keys.
    const relay = { batches: {}, maxInFlight: 10 }
    const both = [world.start({ relay }), world.start({ relay })]
    await Promise.all(both.map(({ ready }) => ready))
    for (const [index, one] of both.entries()) one.submit(idsOf(`shared-${index}`, 60))
    for (const one of both) one.submit(idsOf('same', 10)) // to both at once
    await until(() => world.accepted().size === 130)
    await Promise.all(both.map((one) => untilAllDone(world, one)))
    const signed = both.map((one) => ofKind(one, 'signed'))
    const uses = signed
      .flat()
      .map(({ keyIndex, sequenceNumber }) => `${keyIndex} ${sequenceNumber}`)
    expect(uses).toHaveLength(130)
    expect(new Set(uses).size).toBe(130)
    for (const { length } of signed) expect(length).toBeGreaterThan(0)
  })

  it.each(['claim', 'lease', 'post-sign'] as const)(
    'go on without the one that stands still at %s, which stores and sends nothing when it goes on',
    async (point) => {
      const late = world.start({ trap: { point, nth: 1, act: 'stop' } })
      await late.ready
      late.submit(idsOf(point, 5))
      await late.trapped
      await using other = world.start()
      await untilAllDone(world, other)
      const before = late.events.length
      await late.signal('SIGCONT')
      await untilAllDone(world, late)
      await until(() => isIdle(late))
      const after = late.events.slice(before).map(({ kind }) => kind)
      expect(after).not.toContain('signed')
      expect(after).not.toContain('sent')
    },
  )

  it.each(['post-open', 'post-send'] as const)(
    'go on without the one that stands still at %s, with the bytes that it stored',
    async (point) => {
      const late = world.start({ trap: { point, nth: 1, act: 'stop' } })
      await late.ready
      late.submit([point])
      await late.trapped
      await using other = world.start()
      await untilAllDone(world, other)
      expect(ofKind(other, 'signed')).toEqual([])
      await late.signal('SIGCONT')
      await untilAllDone(world, late)
      await until(() => isIdle(late))
    },
  )

  it.each(['post-sign', 'pre-send', 'pre-settle'] as const)(
    'stay sound when one is busy at %s for longer than the lease',
    async (point) => {
      const trap = { point, nth: 1, act: 'block', ms: 2 * leaseMs } as const
      const busy = world.start({ trap })
      await busy.ready
      busy.submit(idsOf(`busy-${point}`, 5))
      await busy.trapped
      await using other = world.start()
      await Promise.all([busy, other].map((one) => untilAllDone(world, one)))
      await until(() => isIdle(busy))
    },
  )

  it('need not be two: one that was busy for longer than the lease goes on alone', async () => {
    const trap = { point: 'post-open', nth: 1, act: 'block', ms: 2 * leaseMs } as const
    const alone = world.start({ trap })
    await alone.ready
    alone.submit(['alone'])
    await alone.trapped
    await untilAllDone(world, alone, 20_000)
  })
})
