/** The sentences about jobs. @module */
import type { JobIntent } from '../../src/stores/store.ts'
import type { Sentence } from './store-contract.ts'
import {
  add,
  address,
  claim,
  digits,
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

export function describeJobs(sentence: Sentence): void {
  sentence('are stored as queued, with all that was asked for', async (store) => {
    const intent = intentOf('job', { batch: 'mint', cadence: '' })
    const before = Date.now()
    const [added] = await store.addJobs(address, [intent], 10)
    expect(added).toEqual({
      created: true,
      job: {
        ...intent,
        address,
        state: 'queued',
        fence: 0,
        attempts: 0,
        batchLimit: null,
        transactionId: null,
        blockHeight: null,
        executed: false,
        errorCode: null,
        reason: null,
        createdAt: expect.any(Number),
        finishedAt: null,
      },
    })
    expect(Math.abs((added?.job.createdAt ?? 0) - before)).toBeLessThan(minuteMs)
    expect(await jobOf(store)).toEqual(added?.job)
  })

  sentence('of an id that is taken are told of the row that has it', async (store) => {
    await add(store, ['job'])
    const again = intentOf('job', { intentHash: digits(), cadence: 'transaction {}' })
    const [told] = await store.addJobs(address, [again], 10)
    expect(told).toEqual({ created: false, job: await jobOf(store) })
    expect(told?.job).toMatchObject(intentOf('job'))
  })

  sentence('of one id in one batch are one', async (store) => {
    const added = await add(store, ['a', 'b', 'a'])
    expect(added.map((answer) => [answer?.job.id, answer?.created])).toEqual([
      ['a', true],
      ['b', true],
      ['a', false],
    ])
  })

  sentence('of one id from 200 callers at once are one', async (store) => {
    const added = await Promise.all(Array.from({ length: 200 }, () => add(store, ['job'])))
    expect(added.flat().filter((answer) => answer?.created)).toHaveLength(1)
    expect(new Set(added.flat().map((answer) => answer?.job.id))).toEqual(new Set(['job']))
    expect(await store.countJobs(address)).toMatchObject({ queued: 1 })
  })

  sentence('of one id belong to each account apart', async (store) => {
    await add(store, ['job'])
    const [added] = await store.addJobs(other, [intentOf('job')], 10)
    expect(added).toMatchObject({ created: true, job: { address: other } })
  })

  sentence('from many callers with crossing ids are stored once each', async (store) => {
    const ids = names(20)
    const orders = [ids, [...ids].reverse()]
    const calls = Array.from({ length: 20 }, (_, index) => add(store, orders[index % 2] ?? ids))
    const created = (await Promise.all(calls)).flat().filter((answer) => answer?.created)
    expect(created.map((answer) => answer?.job.id).sort()).toEqual(ids)
  })

  sentence('have no room beyond the limit, but known ones are still told', async (store) => {
    await add(store, ['a', 'b'], 3)
    const added = await add(store, ['c', 'd', 'a', 'c'], 3)
    expect(added.map((answer) => answer?.created)).toEqual([true, undefined, false, false])
    expect(await store.getJobs(address, ['d'])).toEqual([])
    await store.cancelJob(address, 'b')
    expect((await add(store, ['d'], 3))[0]?.created).toBe(true)
  })

  sentence('have exactly the room of the limit for 50 callers at once', async (store) => {
    const added = await Promise.all(names(50).map((id) => add(store, [id], 20)))
    expect(added.flat().filter((answer) => answer?.created)).toHaveLength(20)
  })

  sentence('in flight or ended take no room', async (store) => {
    await inFlight(store, ['job'])
    expect((await add(store, ['next'], 1))[0]?.created).toBe(true)
  })

  const refused: readonly (readonly [what: string, change: Partial<JobIntent>])[] = [
    ['without an id', { id: '' }],
    ['with an id of 129 characters', { id: 'x'.repeat(129) }],
    ['with an id that is not printable', { id: 'a\nb' }],
    ['with a hash in capitals', { intentHash: 'A'.repeat(64) }],
    ['with a NUL in the source', { cadence: 'a\0b' }],
    ['with half of a pair in an argument', { arguments: ['\ud800'] }],
  ]
  for (const [what, change] of refused)
    sentence(`${what} are refused, with all that came along`, async (store) => {
      const adding = store.addJobs(address, [intentOf('good'), intentOf('bad', change)], 10)
      await expect(adding).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      expect(await store.getJobs(address, ['good'])).toEqual([])
    })

  sentence('of one large source are kept and told in full', async (store) => {
    const cadence = `// ${'é'.repeat(700_000)}`
    const jobs = names(20).map((id) => intentOf(id, { cadence }))
    const added = await store.addJobs(address, jobs, 100)
    expect(added.every((answer) => answer?.job.cadence === cadence)).toBe(true)
    expect((await store.getJobs(address, ['job-0019']))[0]?.cadence).toBe(cadence)
  })

  sentence('are told in the order of the ids, without unknown ones', async (store) => {
    await add(store, ['a', 'b'])
    const rows = await store.getJobs(address, ['b', 'none', 'a'])
    expect(rows.map(({ id }) => id)).toEqual(['b', 'a'])
  })

  sentence('are listed from the oldest on, by state and page', async (store) => {
    await add(store, ['c', 'a', 'b', 'd'])
    await store.cancelJob(address, 'a')
    const list = async (query: Parameters<typeof store.listJobs>[1]) =>
      (await store.listJobs(address, query)).map(({ id }) => id)
    expect(await list({ limit: 10 })).toEqual(['c', 'a', 'b', 'd'])
    expect(await list({ limit: 2, afterId: 'c' })).toEqual(['a', 'b'])
    expect(await list({ limit: 10, states: ['queued'], afterId: 'c' })).toEqual(['b', 'd'])
    expect(await list({ limit: 10, states: ['cancelled', 'failed'] })).toEqual(['a'])
    expect(await list({ limit: 10, states: [] })).toEqual([])
    expect(await list({ limit: 10, afterId: 'none' })).toEqual([])
    expect(await store.listJobs(other, { limit: 10 })).toEqual([])
  })

  sentence('are counted in every state', async (store) => {
    await inFlight(store, ['job'])
    await add(store, ['a', 'b', 'c'])
    await store.cancelJob(address, 'a')
    await claim(store, 1)
    expect(await store.countJobs(address)).toEqual({
      queued: 1,
      claimed: 1,
      'in-flight': 1,
      done: 0,
      failed: 0,
      cancelled: 1,
      quarantined: 0,
    })
  })

  sentence('are cancelled while queued, and only then', async (store) => {
    await add(store, ['a', 'b'])
    await claim(store, 1)
    expect(await store.cancelJob(address, 'a')).toBe(false)
    expect(await store.cancelJob(address, 'b')).toBe(true)
    expect(await store.cancelJob(address, 'b')).toBe(false)
    expect(await store.cancelJob(address, 'none')).toBe(false)
    expect(await jobOf(store, 'b')).toMatchObject({
      state: 'cancelled',
      finishedAt: expect.any(Number),
    })
    expect(await claim(store, 9)).toEqual([])
  })

  sentence('are claimed from the oldest on, with a new fence', async (store) => {
    await add(store, ['c', 'a', 'b'])
    const rows = await store.claimJobs({ address, limit: 2, holder: 'one', leaseMs: minuteMs })
    expect(rows.map(({ id, fence, state }) => [id, fence, state])).toEqual([
      ['c', 1, 'claimed'],
      ['a', 1, 'claimed'],
    ])
    expect(rows[0]).toEqual(await jobOf(store, 'c'))
    expect(await claim(store, 2)).toEqual([{ id: 'b', fence: 1 }])
  })

  sentence('of templates that are not wanted stay where they are, however old', async (store) => {
    const foreign = names(40, 'foreign').map((id) => intentOf(id, { batch: 'unknown' }))
    const of = (id: string, batch: string | null) => intentOf(id, { batch })
    const known = [of('a', 'mint'), of('b', null), of('c', 'burn'), of('d', 'mint'), of('e', null)]
    await store.addJobs(address, [...foreign, ...known], 100)
    const claimOf = async (limit: number, batches: readonly string[], leaseMs = minuteMs) => {
      const wanted = { address, limit, holder: 'one', leaseMs, batches }
      return (await store.claimJobs(wanted)).map(({ id }) => id)
    }
    expect(await claimOf(2, ['burn', 'mint', 'mint'])).toEqual(['a', 'b'])
    expect(await claimOf(9, [])).toEqual(['e'])
    expect(await claimOf(9, ['mint', 'burn', 'none'], 1)).toEqual(['c', 'd'])
    expect(await eventually(() => claimOf(9, ['mint']))).toEqual(['d'])
    expect(await claimOf(9, ['mint'])).toEqual([])
    expect(await store.countJobs(address)).toMatchObject({ queued: 40, claimed: 5 })
    const all = (await claim(store, 100)).map(({ id }) => id)
    expect(all).toEqual([...names(40, 'foreign'), 'c'])
  })

  sentence('of a template with a long name are claimed by the whole of it', async (store) => {
    const long = digits().repeat(100)
    const jobs = [long, `${long}.`].map((batch, index) => intentOf(`${index}`, { batch }))
    await store.addJobs(address, jobs, 100)
    const wanted = { address, limit: 9, holder: 'one', leaseMs: minuteMs, batches: [`${long}.`] }
    expect((await store.claimJobs(wanted)).map(({ id }) => id)).toEqual(['1'])
  })

  sentence('of wanted templates are never claimed by two of 20 at once', async (store) => {
    const batches = ['mint', 'burn']
    const jobs = names(120).map((id, index) => intentOf(id, { batch: batches[index % 3] ?? null }))
    await store.addJobs(address, jobs, 1_000)
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.claimJobs({ address, limit: 5, holder: `${index}`, leaseMs: minuteMs, batches }),
      ),
    )
    const claimed = claims.flat().map(({ id }) => id)
    expect(new Set(claimed).size).toBe(claimed.length)
    const rest = (await claim(store, 200)).map(({ id }) => id)
    expect([...claimed, ...rest].sort()).toEqual(names(120))
  })

  sentence('are never claimed by two of 50 at once', async (store) => {
    const ids = names(200)
    await add(store, ids)
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_, index) => claim(store, 5, `holder ${index}`)),
    )
    const claimed = claims.flat().map(({ id }) => id)
    expect(new Set(claimed).size).toBe(claimed.length)
    const rest = (await claim(store, 200)).map(({ id }) => id)
    expect([...claimed, ...rest].sort()).toEqual(ids)
  })

  sentence('are claimed anew in their old place when a claim is over', async (store) => {
    await add(store, ['a', 'b', 'c'])
    const [lost] = await claim(store, 1, 'one', 30)
    const taken = async () => {
      const [first] = await claim(store, 1, 'two')
      if (first?.id === 'a') return first
      if (first) await store.unclaimJobs(address, [{ ...first, state: 'queued' }])
      return undefined
    }
    expect(await eventually(taken)).toEqual({ id: 'a', fence: 2 })
    await store.unclaimJobs(address, [{ id: 'a', fence: lost?.fence ?? 0, state: 'failed' }])
    expect(await jobOf(store, 'a')).toMatchObject({ state: 'claimed', fence: 2 })
  })

  sentence('stay with a holder that extends its claim', async (store) => {
    await add(store, ['a', 'b'])
    const [kept] = await claim(store, 1, 'one', 300)
    await claim(store, 1, 'two', 300)
    await store.extend('one', minuteMs)
    expect((await eventually(() => claim(store, 2, 'three'))).map(({ id }) => id)).toEqual(['b'])
    await enroll(store, 1)
    const opening = openingOf(await leaseOne(store), kept ? [kept] : [])
    expect(await store.openAttempts([opening])).toEqual([true])
  })

  sentence('that are given back are claimed again after their delay', async (store) => {
    await add(store, ['a', 'b'])
    const [held] = await claim(store)
    if (!held) throw new Error('no claim')
    const told = { errorCode: 'KMS_THROTTLED', reason: 'later', batchLimit: 3 }
    await store.unclaimJobs(address, [{ ...held, state: 'queued', delayMs: 300, ...told }])
    expect(await jobOf(store, 'a')).toMatchObject({ state: 'queued', ...told })
    expect((await claim(store, 2)).map(({ id }) => id)).toEqual(['b'])
    expect(await eventually(() => claim(store))).toEqual([{ id: 'a', fence: 2 }])
    expect(await jobOf(store, 'a')).toMatchObject({ batchLimit: 3 })
  })

  sentence('that are given back as failed have ended', async (store) => {
    await add(store, ['job'])
    const [held] = await claim(store)
    if (!held) throw new Error('no claim')
    const told = { state: 'failed', errorCode: 'POLICY', reason: 'no\0pe' } as const
    await store.unclaimJobs(address, [{ ...held, ...told }])
    expect(await jobOf(store)).toMatchObject({
      state: 'failed',
      errorCode: 'POLICY',
      reason: 'no\ufffdpe',
      finishedAt: expect.any(Number),
    })
  })

  const outcomes = ['queued', 'done', 'failed'] as const
  for (const state of outcomes)
    sentence(`in quarantine become ${state} at the word of an operator`, async (store) => {
      const opening = await inFlight(store)
      const told = { id: 'job', state: 'quarantined', errorCode: 'X', reason: 'why' } as const
      await store.settleAttempts([settlementOf(opening, { state: 'unclear', jobs: [told] })])
      expect(await jobOf(store)).toMatchObject(told)
      const transactionId = digits()
      expect(await store.resolveJob(address, 'job', { state, transactionId })).toBe(true)
      expect(await store.resolveJob(address, 'job', { state })).toBe(false)
      expect(await jobOf(store)).toMatchObject({
        state,
        transactionId,
        executed: state === 'done',
        errorCode: state === 'failed' ? 'X' : null,
        finishedAt: state === 'queued' ? null : expect.any(Number),
      })
      expect(await claim(store, 9)).toHaveLength(state === 'queued' ? 1 : 0)
    })

  sentence('that are not in quarantine are not resolved', async (store) => {
    await add(store, ['job'])
    expect(await store.resolveJob(address, 'job', { state: 'done' })).toBe(false)
    expect(await store.resolveJob(address, 'none', { state: 'done' })).toBe(false)
  })
}
