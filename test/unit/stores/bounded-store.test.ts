import { createBoundedStore } from '../../../src/stores/bounded-store.ts'
import { createMemoryStore } from '../../../src/stores/index.ts'
import { interposed } from '../../support/simulated-relay.ts'

const address = '0xf8d6e0586b0a20c7'
const never = () => new Promise<never>(() => undefined)

describe('createBoundedStore', () => {
  it('has every step of the store, and answers as it does', async () => {
    const store = createMemoryStore()
    const bounded = createBoundedStore(store, { timeoutMs: 10_000 })
    expect(Object.keys(bounded).sort()).toEqual(Object.keys(store).sort())
    await bounded.enrollKeys(address, [{ keyIndex: 1, sequenceNumber: 7n }])
    expect(await bounded.listKeys(address)).toEqual(await store.listKeys(address))
    expect(await bounded.countJobs(address)).toEqual(await store.countJobs(address))
  })

  it('passes on what the store rejects with', async () => {
    const broken = interposed(createMemoryStore(), async () => {
      throw new RangeError('broken')
    })
    const bounded = createBoundedStore(broken, { timeoutMs: 10_000 })
    await expect(bounded.countJobs(address)).rejects.toThrow(RangeError)
  })

  it('ends each step that is not answered in time, and says which and after how long', async () => {
    const bounded = createBoundedStore(interposed(createMemoryStore(), never), { timeoutMs: 5 })
    for (const operation of Object.keys(bounded)) {
      const steps = bounded as unknown as Record<string, () => Promise<unknown>>
      await expect(steps[operation]?.()).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        disposition: 'retry',
        context: { operation, waitedMs: 5 },
      })
    }
  })

  it('ends what is under way when it is aborted, and then asks for nothing', async () => {
    const asked: string[] = []
    const closing = new AbortController()
    const silent = interposed(createMemoryStore(), (name) => {
      asked.push(name)
      return never()
    })
    const bounded = createBoundedStore(silent, { timeoutMs: 10_000, signal: closing.signal })
    const reading = bounded.countJobs(address)
    closing.abort(new RangeError('closed'))
    await expect(reading).rejects.toThrow(RangeError)
    await expect(bounded.readHold(address)).rejects.toThrow(RangeError)
    expect(asked).toEqual(['countJobs'])
  })
})
