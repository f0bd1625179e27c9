/** The sentences about the rate, and what is forgotten. @module */
import type { Sentence } from './store-contract.ts'
import {
  add,
  address,
  claim,
  enroll,
  eventually,
  inFlight,
  intentOf,
  jobOf,
  leaseOne,
  minuteMs,
  names,
  openingOf,
  other,
  settlementOf,
} from './store-fixtures.ts'

export function describeShared(sentence: Sentence): void {
  sentence('spreads 100 turns at 50 a second over 2 seconds', async (store) => {
    const started = performance.now()
    const turn = async () => {
      const waitMs = await store.reserveTurns({ name: 'post', count: 1, perSecond: 50 })
      return { from: waitMs + performance.now() - started }
    }
    const turns = await Promise.all(Array.from({ length: 100 }, turn))
    const due = turns.map(({ from }) => from).sort((one, two) => one - two)
    const tookMs = performance.now() - started
    // The last is 99 turns after the first; what the calls took can only add to it.
    expect(due.at(-1)).toBeGreaterThan(1_980)
    expect(due.at(-1)).toBeLessThan(1_980 + 2 * tookMs)
    expect(due[0]).toBeLessThan(tookMs + 1)
  })

  sentence('counts turns of one call, and those of each name apart', async (store) => {
    const reserve = (name: string, count: number) =>
      store.reserveTurns({ name, count, perSecond: 0.001 })
    expect(await reserve('one', 5)).toBe(0)
    const waitMs = await reserve('one', 1)
    expect(waitMs).toBeGreaterThan(4_000_000)
    expect(waitMs).toBeLessThanOrEqual(5_000_000)
    expect(await reserve('two', 1)).toBe(0)
  })

  sentence('saves up no turns while none are taken', async (store) => {
    const reserve = (count: number) => store.reserveTurns({ name: 'one', count, perSecond: 200 })
    await reserve(10)
    await eventually(async () => (await reserve(1)) === 0)
    await reserve(100_000)
    expect(await reserve(1)).toBeGreaterThan(0)
  })

  sentence('forgets jobs that ended long enough ago, with their attempts', async (store) => {
    const opening = await inFlight(store, ['done'])
    await add(store, ['queued', 'cancelled'])
    await store.settleAttempts([settlementOf(opening)])
    await store.cancelJob(address, 'cancelled')
    expect(await store.prune(address, minuteMs)).toBe(0)
    expect(await store.prune(other, 0)).toBe(0)
    let forgotten = 0
    await eventually(async () => {
      forgotten += await store.prune(address, 0)
      return forgotten === 2
    })
    expect(await store.countJobs(address)).toMatchObject({ queued: 1, done: 0, cancelled: 0 })
    expect(await store.listAttempts(address, 'done')).toEqual([])
    expect((await add(store, ['done']))[0]?.created).toBe(true)
  })

  sentence('forgets a portion at a time of what is more', async (store) => {
    const ids = names(5_001)
    await add(store, ids, 10_000)
    const claimed = await claim(store, ids.length)
    await store.unclaimJobs(
      address,
      claimed.map((held) => ({ ...held, state: 'failed' })),
    )
    const portions: number[] = []
    const sum = () => portions.reduce((all, one) => all + one, 0)
    await eventually(async () => {
      portions.push(await store.prune(address, 0))
      return sum() >= ids.length
    })
    expect(sum()).toBe(ids.length)
    expect(Math.max(...portions)).toBeLessThanOrEqual(5_000)
    expect(await store.prune(address, 0)).toBe(0)
  })

  sentence('forgets no attempt that is open or has a job that stays', async (store) => {
    const opening = await inFlight(store, ['ended', 'stays'])
    const jobs = [
      { id: 'ended', state: 'done' as const },
      { id: 'stays', state: 'in-flight' as const },
    ]
    await store.settleAttempts([settlementOf(opening, { state: 'executed', jobs })])
    await eventually(async () => (await store.prune(address, 0)) === 1)
    expect(await store.listAttempts(address, 'stays')).toMatchObject([{ jobIds: ['stays'] }])
    const { key: _, ...sealed } = settlementOf(opening)
    expect(await store.settleAttempts([sealed])).toEqual([true])
    expect(await jobOf(store, 'stays')).toMatchObject({ state: 'done' })
  })

  sentence('forgets a source with its last job, and takes it again', async (store) => {
    const cadence = 'transaction { execute {} }'
    await store.addJobs(address, [intentOf('a', { cadence }), intentOf('b', { cadence })], 9)
    await store.cancelJob(address, 'a')
    await eventually(async () => (await store.prune(address, 0)) === 1)
    expect(await jobOf(store, 'b')).toMatchObject({ cadence })
    await store.cancelJob(address, 'b')
    await eventually(async () => (await store.prune(address, 0)) === 1)
    await store.addJobs(address, [intentOf('c', { cadence })], 9)
    expect(await jobOf(store, 'c')).toMatchObject({ cadence })
  })

  sentence('is frozen, and its methods work without it', async (store) => {
    expect(Object.isFrozen(store)).toBe(true)
    const { countJobs, addJobs } = store
    await addJobs(address, [intentOf('job')], 1)
    expect(await countJobs(address)).toMatchObject({ queued: 1 })
  })

  sentence('gives rows that are copies, and keeps copies', async (store) => {
    await enroll(store, 1)
    const transaction = Buffer.from([0, 1, 255]) // whose own slice() is no copy
    const opening = openingOf(await leaseOne(store), [], { transaction, leaseMs: 0 })
    expect(await store.openAttempts([opening])).toEqual([true])
    transaction.fill(9)
    const ask = { address, holder: 'two', leaseMs: 0 }
    const [first] = await eventually(() => store.adoptAttempts(ask))
    expect(first?.transaction).toEqual(Uint8Array.of(0, 1, 255))
    first?.transaction.fill(9)
    const [second] = await eventually(() => store.adoptAttempts(ask))
    expect(second?.transaction).toEqual(Uint8Array.of(0, 1, 255))
  })
}
