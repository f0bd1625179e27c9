import { createWaiters } from '../../../src/relay/waiters.ts'
import { createMemoryStore } from '../../../src/stores/index.ts'
import { address } from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

const idsOf = (count: number) => Array.from({ length: count }, (_, index) => `job-${index}`)

/** Jobs of one account, and callers that wait for them. */
async function openWaiters(ids: readonly string[]) {
  const store = createMemoryStore()
  const intents = ids.map((id) => ({
    id,
    intentHash: '0'.repeat(64),
    cadence: 'transaction {}',
    arguments: [],
    computeLimit: 1,
    batch: null,
    batchGroup: null,
  }))
  await store.addJobs(address, intents, ids.length)
  const reads: number[] = []
  let failures = 0
  const waiters = createWaiters(address, async (asked) => {
    reads.push(asked.length)
    if (failures-- > 0) throw new Error('the store cannot be read')
    return store.getJobs(address, asked)
  })
  const failNext = (count: number) => {
    failures = count
  }
  return { store, waiters, reads, failNext }
}

describe('createWaiters', () => {
  it('tells everybody what another process did, those behind the first thousand too', async () => {
    const ids = idsOf(2_500)
    const { store, waiters, reads } = await openWaiters(ids)
    const waits = ids.map((id) => waiters.wait(id, 'sealed').catch(({ code }) => code))
    await until(() => reads.reduce((sum, count) => sum + count, 0) >= ids.length)
    const last = ids.slice(-3)
    for (const id of last) await store.cancelJob(address, id) // nobody is notified
    expect(await Promise.all(waits.slice(-3))).toEqual(last.map(() => 'JOB_CANCELLED'))
    expect(Math.max(...reads)).toBeLessThanOrEqual(1_000)
    expect(waiters.size()).toBe(2_497)
    waiters.close()
    expect(new Set(await Promise.all(waits.slice(0, -3)))).toEqual(new Set(['RELAY_CLOSED']))
  })

  it('tells at once those whose job it is told of', async () => {
    const { store, waiters } = await openWaiters(['one'])
    const wait = waiters.wait('one', 'executed').catch(({ code }) => code)
    await store.cancelJob(address, 'one')
    waiters.notify(['one', 'another'])
    expect(await wait).toBe('JOB_CANCELLED')
    expect(waiters.size()).toBe(0)
  })

  it('looks again after a look that failed', async () => {
    const { store, waiters, reads, failNext } = await openWaiters(['one'])
    failNext(1)
    const wait = waiters.wait('one', 'sealed').catch(({ code }) => code)
    await store.cancelJob(address, 'one')
    expect(await wait).toBe('JOB_CANCELLED')
    expect(reads).toEqual([1, 1])
  })

  it('knows of no job that the store does not have', async () => {
    const { waiters } = await openWaiters([])
    await expect(waiters.wait('none', 'sealed')).rejects.toMatchObject({ code: 'JOB_UNKNOWN' })
  })

  it('lets one of two who wait for a job go, and tells the other', async () => {
    const { store, waiters } = await openWaiters(['one'])
    const abort = new AbortController()
    const gone = waiters.wait('one', 'sealed', abort.signal)
    const other = waiters.wait('one', 'sealed').catch(({ code }) => code)
    abort.abort(new RangeError('enough'))
    await expect(gone).rejects.toThrow(RangeError)
    await store.cancelJob(address, 'one')
    waiters.notify(['one'])
    expect(await other).toBe('JOB_CANCELLED')
  })

  it('ends every wait when it is closed, and takes no other', async () => {
    const { waiters } = await openWaiters(['one'])
    const wait = waiters.wait('one', 'sealed')
    waiters.close()
    await expect(wait).rejects.toMatchObject({ code: 'RELAY_CLOSED' })
    await expect(waiters.wait('one', 'sealed')).rejects.toMatchObject({ code: 'RELAY_CLOSED' })
  })
})
