import { PGlite } from '@electric-sql/pglite'
import { jest } from '@jest/globals'
import { SignerError } from '../../../../src/errors.ts'
import { createDrain, type DrainOptions } from '../../../../src/provisioning/rotation/drain.ts'
import { createMemoryStore, createSqlStore, type RelayStore } from '../../../../src/stores/index.ts'
import { rotationHoldOf } from '../../../../src/stores/rotation-hold.ts'
import { until } from '../../../support/until.ts'

const address = '0xf8d6e0586b0a20c7'
const id = '0123456789abcdef'
const blockId = 'cd'.repeat(32)
const transactionId = 'ab'.repeat(32)
const old = [1, 2, 3].map((keyIndex) => ({ keyIndex, sequenceNumber: 5n }))
const flagKey = { keyIndex: 9, sequenceNumber: 0n }

describe.each(['memory', 'SQL'])('a drain of %s stores', (kind) => {
  const databases: PGlite[] = []
  afterEach(async () => {
    await Promise.all(databases.splice(0).map((database) => database.close()))
  })

  async function openStore(): Promise<RelayStore> {
    if (kind === 'memory') return createMemoryStore()
    const database = await PGlite.create('memory://')
    databases.push(database)
    return createSqlStore(database)
  }

  async function openKeys(): Promise<RelayStore> {
    const store = await openStore()
    await store.enrollKeys(address, old)
    return store
  }

  const drainOf = (store: RelayStore, options: Partial<DrainOptions> = {}) =>
    createDrain({ pools: [{ store, address }], id, pollMs: 5, ...options })
  const statesOf = async (store: RelayStore) =>
    (await store.listKeys(address)).map(({ keyIndex, state }) => `${keyIndex} ${state}`)
  const take = (store: RelayStore, count = 1, leaseMs = 60_000) =>
    store.leaseKeys({ address, count, holder: 'a process', leaseMs })

  async function fly(store: RelayStore, leaseMs = 60_000) {
    const [lease] = await take(store)
    if (lease === undefined) throw new Error('no key is free')
    const flight = { ...lease, transactionId, referenceBlockId: blockId, leaseMs }
    expect(await store.commitLeases([flight])).toEqual([true])
    return lease
  }

  it('leaves nothing that a process could begin with, in any store', async () => {
    const stores = [await openKeys(), await openKeys()]
    const drain = createDrain({ pools: stores.map((store) => ({ store, address })), id })
    expect(await drain.acquire({ timeoutMs: 1_000 })).toEqual({ held: true })
    expect(await drain.stillHeld()).toBe(true)
    for (const store of stores) expect(await take(store, 10)).toEqual([])
    await drain.close()
  })

  it('waits until what is in flight is settled, and takes its key with the new number', async () => {
    const store = await openKeys()
    const lease = await fly(store)
    const drain = drainOf(store)
    const acquired = drain.acquire({ timeoutMs: 20_000 })
    await until(async () => !(await statesOf(store)).some((one) => one.endsWith('free')))
    await store.settleLeases([{ ...lease, nextSequenceNumber: 6n }])
    expect(await acquired).toEqual({ held: true })
    expect(await drain.makeDurable()).toEqual({ held: true })
    const [row] = await store.listKeys(address)
    expect(row).toMatchObject({ keyIndex: 1, state: 'quarantined', sequenceNumber: 6n })
    await drain.close()
  })

  it('tells what is in flight when the time is over, and gives the rest back', async () => {
    const store = await openKeys()
    await fly(store)
    const drain = drainOf(store, { flagKey })
    const waiting = [
      { store: 0, keyIndex: 1, state: 'in-flight', transactionId, referenceBlockId: blockId },
    ]
    expect(await drain.acquire({ timeoutMs: 30 })).toEqual({ held: false, waiting })
    expect(await statesOf(store)).toEqual(['1 in-flight', '2 free', '3 free', '9 quarantined'])
    const rows = await store.listKeys(address)
    expect(rows.map(rotationHoldOf)).toEqual([undefined, undefined, undefined, undefined])
    await drain.close()
  })

  it('takes over a lease whose process is gone', async () => {
    const store = await openKeys()
    await take(store, 3, 50)
    const drain = drainOf(store)
    expect(await drain.acquire({ timeoutMs: 20_000 })).toEqual({ held: true })
    await drain.close()
  })

  it('asks all pools to begin nothing, by a row that none of them uses', async () => {
    const store = await openKeys()
    await take(store, 3)
    const drain = drainOf(store, { flagKey })
    const acquired = drain.acquire({ timeoutMs: 100 })
    await until(async () => (await store.listKeys(address)).length === 4)
    await until(async () => (await store.listKeys(address))[3]?.state === 'quarantined')
    const flag = (await store.listKeys(address))[3]
    expect(flag && rotationHoldOf(flag)).toMatchObject({ id, drain: expect.anything() })
    expect(await acquired).toMatchObject({ held: false })
    await drain.close()
  })

  it('takes the copies of the chain that no process has used yet', async () => {
    const store = await openStore()
    const drain = drainOf(store, { copies: old })
    expect(await drain.acquire({ timeoutMs: 1_000 })).toEqual({ held: true })
    expect(await drain.makeDurable()).toEqual({ held: true })
    await store.enrollKeys(address, old)
    expect(await take(store, 3)).toEqual([])
    await drain.close()
  })

  it('is not held when another process has enrolled a key meanwhile', async () => {
    const store = await openKeys()
    const drain = drainOf(store)
    await drain.acquire({ timeoutMs: 1_000 })
    await store.enrollKeys(address, [{ keyIndex: 4, sequenceNumber: 0n }])
    expect(await drain.stillHeld()).toBe(false)
    expect(await drain.makeDurable()).toMatchObject({
      held: false,
      waiting: [{ keyIndex: 4, state: 'free' }],
    })
    expect(await drain.acquire({ timeoutMs: 1_000 })).toEqual({ held: true })
    expect(await drain.makeDurable()).toEqual({ held: true })
    await drain.close()
  })

  it('holds for good what it has made durable, and the next process gives it back', async () => {
    const store = await openKeys()
    const killed = drainOf(store, { flagKey, leaseMs: 50 })
    await killed.acquire({ timeoutMs: 1_000 })
    expect(await killed.makeDurable()).toEqual({ held: true })
    const next = drainOf(store, { flagKey })
    expect(await next.stillHeld()).toBe(true)
    await next.release([
      { keyIndex: 3, sequenceNumber: 7n },
      { keyIndex: 9, sequenceNumber: 2n },
    ])
    expect(await statesOf(store)).toEqual(['1 quarantined', '2 quarantined', '3 free', '9 free'])
    expect((await store.listKeys(address)).map((row) => row.sequenceNumber)).toEqual([
      5n,
      5n,
      7n,
      2n,
    ])
    await next.release()
    expect(await statesOf(store)).toEqual(['1 free', '2 free', '3 free', '9 free'])
    await next.close()
  })

  it('leaves rows of other rotations and of other reasons as they are', async () => {
    const store = await openKeys()
    const other = drainOf(store, { id: 'fedcba9876543210' })
    const leases = await take(store, 1)
    await other.seize()
    await store.settleLeases(
      leases.map((lease) => ({ ...lease, nextSequenceNumber: 5n, quarantine: 'revoked' })),
    )
    const drain = drainOf(store)
    expect(await drain.acquire({ timeoutMs: 1_000 })).toEqual({ held: true })
    await drain.release()
    const reasons = (await store.listKeys(address)).map((row) => rotationHoldOf(row)?.id)
    expect(reasons).toEqual([undefined, 'fedcba9876543210', 'fedcba9876543210'])
    expect(await statesOf(store)).toContain('1 quarantined')
    await Promise.all([drain.close(), other.close()])
  })

  it('seizes what is free without waiting, and retires what comes free later', async () => {
    const store = await openKeys()
    const lease = await fly(store)
    const drain = drainOf(store)
    expect(await drain.seize()).toMatchObject({ held: false, waiting: [{ keyIndex: 1 }] })
    await store.settleLeases([{ ...lease, nextSequenceNumber: 6n }])
    await drain.retire([1, 2, 3])
    const rows = await store.listKeys(address)
    expect(rows.map(({ state }) => state)).toEqual(['quarantined', 'quarantined', 'quarantined'])
    expect(rows[0]?.reason).toMatch(/^rotated by 0123456789abcdef/)
    await drain.close()
  })

  it('gives everything back when it is aborted', async () => {
    const store = await openKeys()
    await fly(store)
    const abort = new AbortController()
    const acquired = drainOf(store, { signal: abort.signal }).acquire({ timeoutMs: 60_000 })
    await until(async () => !(await statesOf(store)).some((one) => one.endsWith('free')))
    abort.abort(new Error('enough'))
    await expect(acquired).rejects.toThrow('enough')
    expect(await statesOf(store)).toEqual(['1 in-flight', '2 free', '3 free'])
  })

  it('gives back at its close what it has not made durable', async () => {
    const store = await openKeys()
    const drain = drainOf(store)
    await drain.acquire({ timeoutMs: 1_000 })
    await drain.close()
    expect((await take(store, 3)).length).toBe(2) // the third tells that rows were collected
  })
})

describe('a drain by the clock', () => {
  it('does not call held what has lapsed while its process stood still', async () => {
    const store = createMemoryStore()
    await store.enrollKeys(address, old)
    const drain = createDrain({ pools: [{ store, address }], id, leaseMs: 10_000 })
    await drain.acquire({ timeoutMs: 1_000 })
    expect(await drain.stillHeld()).toBe(true)
    const later = performance.now() + 10_001
    const clock = jest.spyOn(performance, 'now').mockReturnValue(later)
    expect(await drain.stillHeld().finally(() => clock.mockRestore())).toBe(false)
    await drain.close()
  })

  it('does not call held what another has by now, whatever its own clock says', async () => {
    const store = createMemoryStore()
    await store.enrollKeys(address, old)
    const hasty: RelayStore = {
      ...store,
      leaseKeys: (request) => store.leaseKeys({ ...request, leaseMs: 1 }),
    }
    const drain = createDrain({ pools: [{ store: hasty, address }], id })
    await drain.acquire({ timeoutMs: 1_000 })
    const request = { address, count: 1, holder: 'another', leaseMs: 60_000 }
    await until(async () => (await store.leaseKeys(request)).length === 1)
    expect(await drain.stillHeld()).toBe(false)
    expect(await drain.makeDurable()).toMatchObject({
      held: false,
      waiting: [{ state: 'leased' }],
    })
    await drain.close()
  })

  it('forgets the name of a step that the store may have taken, so that its keys come back', async () => {
    const store = createMemoryStore()
    await store.enrollKeys(address, old)
    const request = { address, count: 1, holder: 'a process', leaseMs: 60_000 }
    const [lease] = await store.leaseKeys(request)
    if (lease === undefined) throw new Error('no key is free')
    let isLost = false
    const losing: RelayStore = {
      ...store,
      async leaseKeys(asked) {
        const facts = await store.leaseKeys(asked)
        if (isLost || facts[0]?.keyIndex !== lease.keyIndex) return facts
        isLost = true
        throw new SignerError('STORE_UNAVAILABLE', { operation: 'leaseKeys', waitedMs: 1 })
      },
    }
    const pools = [{ store: losing, address }]
    const drain = createDrain({ pools, id, leaseMs: 150, pollMs: 5 })
    const acquired = drain.acquire({ timeoutMs: 5_000 })
    await until(async () => (await store.listKeys(address)).every(({ state }) => state !== 'free'))
    await store.settleLeases([{ ...lease, nextSequenceNumber: 6n }])
    expect(await acquired).toEqual({ held: true })
    expect(isLost).toBe(true)
    await drain.close()
  })
})
