import type { Sentence } from './store-contract.ts'
import {
  add,
  address,
  claim,
  digits,
  enroll,
  eventually,
  inFlight,
  jobOf,
  keyOf,
  leaseOne,
  minuteMs,
  openingOf,
  settlementOf,
} from './store-fixtures.ts'

export function describeSettlements(sentence: Sentence): void {
  sentence('that are sealed end their jobs and free their key', async (store) => {
    const opening = await inFlight(store, ['a', 'b'])
    const jobs = [
      { id: 'a', state: 'done', blockHeight: 7 } as const,
      { id: 'b', state: 'failed', errorCode: 'CADENCE', reason: 'no', blockHeight: 7 } as const,
    ]
    expect(await store.settleAttempts([settlementOf(opening, { jobs })])).toEqual([true])
    const ended = { executed: true, blockHeight: 7, finishedAt: expect.any(Number) }
    expect(await jobOf(store, 'a')).toMatchObject({ ...ended, state: 'done', errorCode: null })
    expect(await jobOf(store, 'b')).toMatchObject({
      ...ended,
      state: 'failed',
      errorCode: 'CADENCE',
      reason: 'no',
    })
    expect(await keyOf(store)).toMatchObject({
      state: 'free',
      sequenceNumber: 11n,
      transactionId: null,
    })
    const [attempt] = await store.listAttempts(address, 'a')
    expect(attempt).toMatchObject({ state: 'sealed', blockHeight: 1_010 })
  })

  sentence('that have executed free their key and stay open for the seal', async (store) => {
    const opening = await inFlight(store)
    const jobs = [{ id: 'job', state: 'in-flight' as const, blockHeight: 1_010 }]
    const executed = settlementOf(opening, { state: 'executed', jobs })
    expect(await store.settleAttempts([executed])).toEqual([true])
    expect(await jobOf(store)).toMatchObject({
      state: 'in-flight',
      executed: true,
      blockHeight: 1_010,
      finishedAt: null,
    })
    const next = await leaseOne(store)
    expect(next).toMatchObject({ sequenceNumber: 11n, fence: 2 })
    const { key: _, ...sealed } = settlementOf(opening)
    expect(await store.settleAttempts([sealed, sealed])).toEqual([true, false])
    expect(await jobOf(store)).toMatchObject({ state: 'done', executed: true })
    expect(await keyOf(store)).toMatchObject({ state: 'leased', fence: 2 })
  })

  sentence('never free a key that is in flight with another transaction', async (store) => {
    const opening = await inFlight(store, ['a'], 1)
    const executed = settlementOf(opening, { state: 'executed', jobs: [] })
    await store.settleAttempts([executed])
    await add(store, ['b'])
    const second = openingOf(await leaseOne(store), await claim(store))
    expect(await store.openAttempts([second])).toEqual([true])
    const [adopted] = await eventually(() =>
      store.adoptAttempts({ address, holder: 'two', leaseMs: minuteMs }),
    )
    // The fence that the adopted one gets is the one that the key has by now.
    expect(adopted?.fence).toBe(second.fence)
    const late = settlementOf(opening, { fence: second.fence })
    expect(await store.settleAttempts([late])).toEqual([true])
    const { transactionId, sequenceNumber } = second
    expect(await keyOf(store)).toMatchObject({ state: 'in-flight', transactionId, sequenceNumber })
  })

  sentence('that are dead send their jobs back to the queue', async (store) => {
    const opening = await inFlight(store, ['a', 'b'])
    await add(store, ['c'])
    const told = { state: 'queued', errorCode: 'EXPIRED', reason: 'late', batchLimit: 1 } as const
    const jobs = [
      { id: 'a', ...told },
      { id: 'b', ...told, delayMs: minuteMs },
    ]
    const dead = { state: 'dead', blockHeight: null, jobs } as const
    expect(await store.settleAttempts([settlementOf(opening, dead)])).toEqual([true])
    expect(await jobOf(store, 'a')).toMatchObject({ ...told, executed: false, finishedAt: null })
    expect((await claim(store, 9)).map(({ id }) => id)).toEqual(['a', 'c'])
  })

  sentence('that have executed and are proven dead after all have not executed', async (store) => {
    const opening = await inFlight(store)
    const jobs = [{ id: 'job', state: 'in-flight' as const }]
    await store.settleAttempts([settlementOf(opening, { state: 'executed', jobs })])
    const queued = [{ id: 'job', state: 'queued' as const }]
    const { key: _, ...dead } = settlementOf(opening, { state: 'dead', jobs: queued })
    expect(await store.settleAttempts([dead])).toEqual([true])
    expect(await jobOf(store)).toMatchObject({ state: 'queued', executed: false })
    const [attempt] = await store.listAttempts(address, 'job')
    expect(attempt).toMatchObject({ state: 'dead', blockHeight: null })
  })

  sentence('that are unclear quarantine jobs and key', async (store) => {
    const opening = await inFlight(store)
    const jobs = [{ id: 'job', state: 'quarantined' as const, reason: 'not known' }]
    const key = { nextSequenceNumber: 10n, quarantine: 'not known' }
    const unclear = settlementOf(opening, { state: 'unclear', jobs, key })
    expect(await store.settleAttempts([unclear, unclear])).toEqual([true, false])
    expect(await jobOf(store)).toMatchObject({ state: 'quarantined', reason: 'not known' })
    expect(await keyOf(store)).toMatchObject({ state: 'quarantined', reason: 'not known' })
  })

  sentence('settle no job that is not, or not any more, their own', async (store) => {
    const first = await inFlight(store, ['a'])
    await add(store, ['b'])
    const requeue = [{ id: 'a', state: 'queued' as const }]
    const jobs = [...requeue, { id: 'b', state: 'done' as const }]
    await store.settleAttempts([settlementOf(first, { state: 'executed', jobs })])
    expect(await jobOf(store, 'b')).toMatchObject({ state: 'queued' })
    const second = openingOf(await leaseOne(store), await claim(store))
    expect(await store.openAttempts([second])).toEqual([true])
    const { key: _, ...late } = settlementOf(first)
    expect(await store.settleAttempts([late])).toEqual([true])
    const { transactionId } = second
    expect(await jobOf(store, 'a')).toMatchObject({ state: 'in-flight', transactionId })
  })

  sentence('that are unknown, or of another fence, are not settled', async (store) => {
    const opening = await inFlight(store)
    const settlements = [
      settlementOf(opening, { transactionId: digits() }),
      settlementOf(opening, { fence: 0 }),
      settlementOf(opening, { fence: 2 }),
    ]
    expect(await store.settleAttempts(settlements)).toEqual([false, false, false])
    expect(await jobOf(store)).toMatchObject({ state: 'in-flight' })
    expect(await keyOf(store)).toMatchObject({ state: 'in-flight' })
  })

  sentence('leave a key alone that another has settled', async (store) => {
    const opening = await inFlight(store)
    await store.settleLeases([{ ...opening, nextSequenceNumber: 40n }])
    expect(await store.settleAttempts([settlementOf(opening)])).toEqual([true])
    expect(await keyOf(store)).toMatchObject({ state: 'free', sequenceNumber: 40n })
    expect(await jobOf(store)).toMatchObject({ state: 'done' })
  })

  sentence('are adopted with their bytes when their holder is mute', async (store) => {
    const opening = await inFlight(store, ['b', 'a'], 1)
    const adopt = () => store.adoptAttempts({ address, holder: 'two', leaseMs: minuteMs })
    const [adopted, ...more] = await eventually(adopt)
    expect(more).toEqual([])
    const { jobs: _, leaseMs: __, referenceBlockId: ___, ...signed } = opening
    expect(adopted).toEqual({ ...signed, fence: 2, jobIds: ['b', 'a'], blockHeight: null })
    expect(await keyOf(store)).toMatchObject({ state: 'in-flight', fence: 2 })
    expect(await store.settleAttempts([settlementOf(opening)])).toEqual([false])
    expect(await store.settleLeases([{ ...opening, nextSequenceNumber: 11n }])).toEqual([false])
    expect(await store.settleAttempts([settlementOf(opening, { fence: 2 })])).toEqual([true])
    expect(await adopt()).toEqual([])
  })

  sentence('that have executed are adopted too, and tell their block', async (store) => {
    const opening = await inFlight(store, ['job'], 1)
    const jobs = [{ id: 'job', state: 'in-flight' as const }]
    await store.settleAttempts([settlementOf(opening, { state: 'executed', jobs })])
    const adopt = () => store.adoptAttempts({ address, holder: 'two', leaseMs: minuteMs })
    expect(await eventually(adopt)).toMatchObject([{ fence: 2, blockHeight: 1_010 }])
    expect(await keyOf(store)).toMatchObject({ state: 'free', fence: 1 })
  })

  sentence('are adopted by one of 20 at once', async (store) => {
    await inFlight(store, ['job'], 1)
    const adopt = (index: number) =>
      store.adoptAttempts({ address, holder: `${index}`, leaseMs: minuteMs })
    const race = async () =>
      (await Promise.all(Array.from({ length: 20 }, (_, index) => adopt(index)))).flat()
    expect(await eventually(race)).toHaveLength(1)
  })

  sentence('stay with a holder that extends', async (store) => {
    await enroll(store, 2)
    await add(store, ['a', 'b'])
    for (const holder of ['one', 'two']) {
      const opening = openingOf(await leaseOne(store, holder), await claim(store, 1, holder))
      expect(await store.openAttempts([{ ...opening, leaseMs: 300 }])).toEqual([true])
    }
    await store.extend('one', minuteMs)
    const ask = { address, holder: 'three', leaseMs: minuteMs }
    const adopted = await eventually(() => store.adoptAttempts(ask))
    expect(adopted.map(({ jobIds }) => jobIds)).toEqual([['b']])
  })
}
