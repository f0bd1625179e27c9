import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import {
  address,
  gated,
  interposed,
  mint,
  openRelay,
  signer,
  startRelayNode,
} from '../../support/simulated-relay.ts'
import { until } from '../../support/until.ts'

/** A store that stops to answer these steps; what it was asked and did not answer. */
function silenced(names: (name: keyof RelayStore) => boolean = () => true) {
  const memory = createMemoryStore()
  const open = new Map<keyof RelayStore, number>()
  const peaks = new Map<keyof RelayStore, number>()
  let silent: Promise<void> | undefined
  let answer: () => void = () => undefined
  const store = interposed(memory, async (name, step) => {
    const count = (open.get(name) ?? 0) + 1
    open.set(name, count)
    if (silent !== undefined && names(name)) {
      peaks.set(name, Math.max(peaks.get(name) ?? 0, count))
      await silent
    }
    return step().finally(() => open.set(name, (open.get(name) ?? 0) - 1))
  })
  return {
    memory,
    store,
    peaks,
    silence() {
      silent = new Promise((resolve) => {
        answer = resolve
      })
    },
    answer() {
      silent = undefined
      answer()
    },
  }
}

describe('a store that does not answer', () => {
  it('leaves no submit pending, and the job can be submitted again', async () => {
    await using node = await startRelayNode()
    const { store, silence, answer } = silenced()
    await using relay = await openRelay(node.url, { store, storeTimeoutMs: 100 })
    silence()
    await expect(relay.submit(mint('a'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      disposition: 'retry',
      context: { operation: 'addJobs', waitedMs: 100 },
    })
    await expect(relay.stats()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    answer()
    await (await relay.submit(mint('a'))).sealed()
    expect(node.executed).toEqual(['a'])
  })

  it('is asked by one beat at a time', async () => {
    await using node = await startRelayNode()
    const { store, peaks, silence } = silenced()
    await using relay = await openRelay(node.url, { store, leaseMs: 30, storeTimeoutMs: 60_000 })
    silence()
    const height = node.chain.heights().final
    await until(() => node.chain.heights().final >= height + 50) // many beats later
    expect(peaks.get('extend') ?? 0).toBeLessThanOrEqual(1)
    expect(peaks.get('adoptAttempts') ?? 0).toBeLessThanOrEqual(1)
    await relay.close({ timeoutMs: 10 })
  })

  it('keeps no lease alive by an answer that comes after the lease was over', async () => {
    await using node = await startRelayNode()
    const { key, asked, open } = gated(signer)
    const { memory, store, silence, answer } = silenced((name) => name === 'extend')
    await using relay = await openRelay(node.url, { store, key, leaseMs: 200 })
    silence()
    await relay.submit(mint('a'))
    await until(() => asked() === 1)
    await until(async () => {
      // Another process is given the key and the job, since nobody has heard of this one.
      const claimed = await memory.claimJobs({ address, limit: 1, holder: 'other', leaseMs: 1 })
      return claimed.length === 1
    })
    answer() // the lease was asked for in time, and is over all the same
    open()
    await until(() =>
      relay.events.some((event) => event.kind === 'requeued' && event.code === 'LEASE_LOST'),
    )
    await (await relay.job('a')).sealed()
    expect(node.executed).toEqual(['a'])
  })
})

describe('final jobs', () => {
  it('are forgotten soon after the start, in portions, until none is left', async () => {
    await using node = await startRelayNode()
    const portions = [3, 2, 0, 9]
    const asked: number[] = []
    const store = interposed(createMemoryStore(), async (name, step) => {
      if (name !== 'prune') return step()
      asked.push(asked.length)
      return portions[asked.length - 1] ?? 0
    })
    await using relay = await openRelay(node.url, { store })
    await until(() => asked.length >= 3)
    await (await relay.submit(mint('a'))).sealed()
    expect(asked).toHaveLength(3)
  })

  it('are kept for good when that is asked for', async () => {
    await using node = await startRelayNode()
    const asked: string[] = []
    const store = interposed(createMemoryStore(), (name, step) => {
      asked.push(name)
      return step()
    })
    await using relay = await openRelay(node.url, { store, retentionMs: Number.POSITIVE_INFINITY })
    await (await relay.submit(mint('a'))).sealed()
    expect(asked).not.toContain('prune')
  })
})
