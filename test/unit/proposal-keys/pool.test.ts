import { transactionId } from '../../../src/crypto/transaction.ts'
import { createMemoryStore, type RelayStore } from '../../../src/stores/index.ts'
import { playRoles, post } from '../../support/fcl-player.ts'
import {
  address,
  afterBlocks,
  latestBlockId,
  numberOf,
  openPool,
  outsider,
  startPoolChain,
} from '../../support/pool-world.ts'
import type { SimulatedNode } from '../../support/simulated-node.ts'
import { until } from '../../support/until.ts'

const unknownId = 'ab'.repeat(32)
const wrong = { status: 500, body: { code: 500, message: 'out of order' } } as const

/** Somebody else uses these keys, and the chain has sealed it. */
async function useElsewhere(node: SimulatedNode, keyIndexes: readonly number[]): Promise<void> {
  for (const keyIndex of keyIndexes) node.chain.intrude(outsider(node, keyIndex))
  await until(afterBlocks(node, 4))
}

/** A process that is gone has left this in flight; its time in the store is over at once. */
async function leaveFlight(store: RelayStore, flight: { id: string; referenceBlockId: string }) {
  const [lease] = await store.leaseKeys({ address, count: 1, holder: 'gone', leaseMs: 60_000 })
  if (lease === undefined) throw new Error('no key is free')
  const { id: transactionId, referenceBlockId } = flight
  await store.commitLeases([{ ...lease, transactionId, referenceBlockId, leaseMs: 1 }])
  return lease.keyIndex
}

describe('a pool', () => {
  it('serves those who wait in the order in which they came', async () => {
    await using node = await startPoolChain({ copies: 1 })
    await using pool = await openPool(node.url)
    const first = await pool.lease()
    const served: number[] = []
    const callers = [0, 1, 2, 3, 4, 5].map(async (caller) => {
      const lease = await pool.lease()
      served.push(caller)
      await lease.release()
    })
    await until(() => pool.stats().waiting === 6)
    expect(served).toEqual([])
    await first.release()
    await Promise.all(callers)
    expect(served).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('lends a key to nobody who has given up waiting', async () => {
    await using node = await startPoolChain({ copies: 1 })
    await using pool = await openPool(node.url)
    const lease = await pool.lease()
    const abort = new AbortController()
    const gone = pool.lease({ signal: abort.signal })
    const next = pool.lease()
    await until(() => pool.stats().waiting === 2)
    abort.abort(new RangeError('enough'))
    await expect(gone).rejects.toThrow(RangeError)
    await lease.release()
    expect(await next).toMatchObject({ keyIndex: 1, sequenceNumber: 0n })
    expect(pool.stats()).toMatchObject({ leases: 2, leased: 1, waiting: 0 })
  })

  it('counts every lease once, by how it ended', async () => {
    await using node = await startPoolChain({
      copies: 4,
      execute: ({ cadence }) => (cadence === 'fail' ? '[Error Code: 1101] panic' : ''),
    })
    await using pool = await openPool(node.url, { leaseMs: 400 })
    const send = async (cadence: string) => {
      const resolved = await playRoles(pool.authz, cadence)
      return post(node.url, await resolved.sign(latestBlockId(node)))
    }
    const unsent = await playRoles(pool.authz, 'never sent')
    await unsent.sign(latestBlockId(node))
    await playRoles(pool.authz, 'never signed')
    await (await pool.lease()).release()
    expect(await Promise.all(['well', 'fail'].map(send))).toEqual(['taken', 'taken'])
    await until(() => pool.stats().inFlight + pool.stats().leased === 0)
    expect(pool.stats()).toMatchObject({
      keys: 4,
      leases: 5,
      executed: 2,
      expired: 1,
      abandoned: 1,
      refused: 0,
      moved: 0,
      lost: 0,
      adopted: 0,
      drifted: 0,
    })
  })

  it('corrects each number that it suspects before it lends the key', async () => {
    await using node = await startPoolChain({ copies: 3 })
    await using pool = await openPool(node.url)
    await useElsewhere(node, [1, 2, 3])
    expect(await pool.refresh()).toBe(3)
    const leases = await Promise.all([1, 2, 3].map(() => pool.lease()))
    expect(leases.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1n, 1n, 1n])
    expect(new Set(leases.map(({ keyIndex }) => keyIndex)).size).toBe(3)
    expect(pool.stats()).toMatchObject({ drifted: 3, refused: 0 })
    await Promise.all(leases.map((lease) => lease.release()))
  })

  it('lets nobody wait while no key is left, and finds one that the account has again', async () => {
    await using node = await startPoolChain({ copies: 2 })
    const store = createMemoryStore()
    await using pool = await openPool(node.url, { store, waitMs: 60_000 })
    const leases = await store.leaseKeys({ address, count: 2, holder: 'we', leaseMs: 60_000 })
    const bad = leases.map(({ keyIndex, fence }) => ({
      ...{ address, keyIndex, fence, nextSequenceNumber: 0n, quarantine: 'why' },
    }))
    await store.settleLeases(bad)
    const path = `accounts/${address.slice(2)}`
    const reply = await fetch(`${node.url}/v1/${path}?expand=keys`)
    const account: { readonly keys: readonly { readonly weight: string }[] } = JSON.parse(
      await reply.text(),
    )
    const keys = account.keys.map((key) => ({ ...key, revoked: key.weight === '0' }))
    const without = { status: 200, body: { ...account, keys } }
    node.setFault(({ path: asked }) => (asked.startsWith(`${path}?`) ? without : undefined))

    const waiting = await Promise.allSettled([1, 2, 3].map(() => pool.lease()))
    for (const one of waiting)
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'NO_PROPOSAL_KEYS' } })
    expect(pool.reports).toEqual([{ kind: 'trouble', errorCode: 'NO_PROPOSAL_KEYS' }])

    node.setFault(() => undefined)
    expect([1, 2]).toContain((await pool.lease()).keyIndex)
    expect(pool.stats()).toMatchObject({ keys: 2, leased: 1, waiting: 0 })
  })

  it('loses no key when the node does not tell the number of one that it suspects', async () => {
    await using node = await startPoolChain({ copies: 3 })
    await using pool = await openPool(node.url)
    await useElsewhere(node, [1, 2, 3])
    await pool.refresh()
    node.setFault(({ path }) => (path.includes('/keys/') ? wrong : undefined))
    const waiting = Promise.all([1, 2, 3].map(() => pool.lease()))
    await until(() => pool.reports.some(({ kind }) => kind === 'trouble'))
    node.setFault(() => undefined)
    await until(() => pool.stats().waiting === 0)
    const leases = await waiting
    expect(leases.map(({ sequenceNumber }) => sequenceNumber)).toEqual([1n, 1n, 1n])
  })

  it('follows what it took over, even when the node does not tell the reference block at once', async () => {
    await using node = await startPoolChain({ copies: 2 })
    const store = createMemoryStore()
    await using pool = await openPool(node.url, { store, leaseMs: 300, transactionExpiry: 100_000 })
    const busy = await pool.lease()
    await busy.commit({ transactionId: unknownId, referenceBlockId: latestBlockId(node) })
    const left = outsider(node, 3 - busy.keyIndex)
    const [id, referenceBlockId] = [transactionId(left), latestBlockId(node)]
    let denied = 0
    node.setFault(({ path }) =>
      path === `blocks/${referenceBlockId}` && denied++ === 0 ? wrong : undefined,
    )
    await leaveFlight(store, { id, referenceBlockId })
    await until(() => denied > 0)
    node.chain.intrude(left)
    const keyOf = async () =>
      (await store.listKeys(address)).find(({ keyIndex }) => keyIndex === left.proposalKey.keyIndex)
    await until(async () => (await keyOf())?.state === 'free')
    expect(await keyOf()).toMatchObject({ sequenceNumber: 1n })
  })

  it('gets back a key whose lease was answered to nobody', async () => {
    await using node = await startPoolChain({ copies: 2 })
    const memory = createMemoryStore()
    let losses = 0
    const store: RelayStore = {
      ...memory,
      async leaseKeys(request) {
        const facts = await memory.leaseKeys(request)
        if (losses-- > 0) throw new Error('the connection was reset')
        return facts
      },
    }
    await using pool = await openPool(node.url, { store, leaseMs: 300, transactionExpiry: 100_000 })
    const busy = await pool.lease()
    await busy.commit({ transactionId: unknownId, referenceBlockId: latestBlockId(node) })
    losses = 1
    const next = await pool.lease()
    expect(next.keyIndex).toBe(3 - busy.keyIndex)
    await next.release()
  })

  it.each(['leaseKeys', 'settleLeases', 'adoptKeys'] as const)(
    'goes on when the store does not answer %s for a while',
    async (operation) => {
      await using node = await startPoolChain({ copies: 1 })
      const memory = createMemoryStore()
      let isSilent = false
      const asked: number[] = []
      const silent =
        (step: (...args: never[]) => Promise<unknown>) =>
        async (...args: never[]) => {
          if (!isSilent) return step(...args)
          asked.push(performance.now())
          return new Promise(() => undefined)
        }
      const store = { ...memory, [operation]: silent(memory[operation]) }
      await using pool = await openPool(node.url, { store, leaseMs: 300, storeTimeoutMs: 50 })
      isSilent = true
      const send = async () => {
        const resolved = await playRoles(pool.authz, 'sent')
        return post(node.url, await resolved.sign(latestBlockId(node)))
      }
      const first = Promise.allSettled([send()])
      await until(() => pool.reports.some((one) => one.kind === 'trouble') || asked.length > 1)
      isSilent = false
      await first
      expect(await send()).toBe('taken')
      await until(() => pool.stats().inFlight === 0)
      const troubles = pool.reports.flatMap((one) =>
        one.kind === 'trouble' ? [one.errorCode] : [],
      )
      expect(troubles.filter((code) => code !== 'STORE_UNAVAILABLE')).toEqual([])
    },
  )

  it('rejects when the store does not take the commit in time, and gives the key back', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const store = {
      ...createMemoryStore(),
      commitLeases: () => new Promise<never>(() => undefined),
    }
    await using pool = await openPool(node.url, { store, storeTimeoutMs: 50 })
    const resolved = await playRoles(pool.authz, 'never')
    await expect(resolved.sign(latestBlockId(node))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    const lease = await pool.lease()
    expect(lease).toMatchObject({ keyIndex: 1, sequenceNumber: 0n })
    await lease.release()
  })

  it('signs one transaction with one lease', async () => {
    await using node = await startPoolChain({ copies: 1 })
    await using pool = await openPool(node.url)
    const resolved = await playRoles(pool.authz, 'once')
    const first = latestBlockId(node)
    await resolved.sign(first)
    await until(afterBlocks(node, 1))
    await expect(resolved.sign(latestBlockId(node))).rejects.toMatchObject({ name: 'SignerError' })
  })

  it('takes over what was in flight before it was made', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const store = createMemoryStore()
    await store.enrollKeys(address, [{ keyIndex: 1, sequenceNumber: 0n }])
    const left = outsider(node, 1)
    await leaveFlight(store, { id: transactionId(left), referenceBlockId: latestBlockId(node) })
    await until(afterBlocks(node, 1))
    await using pool = await openPool(node.url, { store, leaseMs: 300 })
    expect(pool.stats()).toMatchObject({ adopted: 1, inFlight: 1, leases: 0 })
    node.chain.intrude(left)
    expect(await pool.lease()).toMatchObject({ keyIndex: 1, sequenceNumber: 1n })
    expect(pool.stats()).toMatchObject({ executed: 1, inFlight: 0, leases: 1 })
  })

  it('does nothing more when it could not be made', async () => {
    await using node = await startPoolChain({ copies: 0 })
    let adoptions = 0
    const store: RelayStore = {
      ...createMemoryStore(),
      adoptKeys: async () => {
        adoptions += 1
        return []
      },
    }
    const opening = openPool(node.url, { store, leaseMs: 30 })
    await expect(opening).rejects.toMatchObject({ code: 'NO_PROPOSAL_KEYS' })
    await until(afterBlocks(node, 20))
    expect(adoptions).toBe(0)
  })

  it('is closed for those who wait, those who come then and those who come later', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const pool = await openPool(node.url)
    await pool.lease()
    const waiting = pool.lease()
    await until(() => pool.stats().waiting === 1)
    const coming = pool.lease()
    const closed = expect.objectContaining({ code: 'POOL_CLOSED', context: { address } })
    const refused = [waiting, coming].map((one) => expect(one).rejects.toEqual(closed))
    await pool.close()
    await pool.close()
    await Promise.all(refused)
    await expect(pool.lease()).rejects.toEqual(closed)
  })

  it('lets no signature out after it was closed, and leaves the key free', async () => {
    await using node = await startPoolChain({ copies: 1 })
    const store = createMemoryStore()
    const pool = await openPool(node.url, { store, leaseMs: 300 })
    const resolved = await playRoles(pool.authz, 'too late')
    await pool.close()
    await expect(resolved.sign(latestBlockId(node))).rejects.toMatchObject({ code: 'POOL_CLOSED' })
    await using next = await openPool(node.url, { store })
    expect(await next.lease()).toMatchObject({ keyIndex: 1, sequenceNumber: numberOf(node, 1) })
  })
})
