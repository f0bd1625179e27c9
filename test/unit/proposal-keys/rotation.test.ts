/** Pools while the keys of their account are swapped. */
import { KmsAuthorizer, type Signer } from '../../../src/index.ts'
import {
  createProposalKeyPool,
  type PoolReport,
  type ProposalKeyPoolOptions,
} from '../../../src/proposal-keys/index.ts'
import { createDrain } from '../../../src/provisioning/rotation/drain.ts'
import { createSoftwareSigner } from '../../../src/signers/software-signer.ts'
import { createMemoryStore, type ProposalKeyStore } from '../../../src/stores/index.ts'
import { playRoles, post } from '../../support/fcl-player.ts'
import { address, latestBlockId } from '../../support/pool-world.ts'
import { type RotatingAccount, startRotatingAccount } from '../../support/rotating-account.ts'
import { until } from '../../support/until.ts'

const id = '0123456789abcdef'

async function open(
  { node }: RotatingAccount,
  signers: readonly Signer[],
  store: ProposalKeyStore,
  options: Partial<ProposalKeyPoolOptions> & { readonly keyIndexes?: readonly number[] } = {},
) {
  const { keyIndexes, ...rest } = options
  const reports: PoolReport[] = []
  const authorizer = KmsAuthorizer.fromSigners(signers, { accessNode: node.url })
  const onReport = (report: PoolReport) => reports.push(report)
  const common = { authorizer, address, store, pollMs: 5, webSocket: false, onReport } as const
  const pool = await createProposalKeyPool({ ...common, ...rest })
  const named = keyIndexes === undefined ? {} : { keyIndexes }
  const authz = authorizer.authorize(address, { ...named, proposalKeys: pool })
  let count = 0
  return {
    pool,
    authz,
    reports,
    kinds: () => reports.map(({ kind }) => kind),
    async send(cadence = `transaction ${count++}`) {
      const resolved = await playRoles(authz, cadence)
      return post(node.url, await resolved.sign(latestBlockId(node)))
    },
    [Symbol.asyncDispose]: pool.close,
  }
}
type Process = Awaited<ReturnType<typeof open>>

/** Sends without a pause until it is told to stop; what is rejected is told. */
function load(process: Process, callers = 6) {
  let isOver = false
  let sent = 0
  const failures: unknown[] = []
  const all = Promise.all(
    Array.from({ length: callers }, async () => {
      while (!isOver) {
        try {
          if (failures.length > 1_000) return
          if ((await process.send()) !== 'taken') failures.push('not taken')
          sent += 1
        } catch (thrown) {
          failures.push(thrown)
          await new Promise((resolve) => setImmediate(resolve)) // the others have their turn
        }
      }
    }),
  )
  return {
    failures,
    sent: () => sent,
    async stop() {
      isOver = true
      await all
    },
    [Symbol.dispose]() {
      isOver = true // also when the test has failed
    },
  }
}

/** One rotation by hand, as the workflow does it. */
async function rotate(account: RotatingAccount, stores: readonly ProposalKeyStore[]) {
  const flagKey = { keyIndex: account.add(account.next, 0), sequenceNumber: 0n }
  const pools = stores.map((store) => ({ store, address }))
  const copies = account.keysOf(account.old).slice(1)
  const drain = createDrain({ pools, id, flagKey, copies, pollMs: 5, leaseMs: 5_000 })
  expect(await drain.acquire({ timeoutMs: 30_000 })).toEqual({ held: true })
  expect(await drain.stillHeld()).toBe(true)
  expect(await drain.makeDurable()).toEqual({ held: true })
  const old = copies.map(({ keyIndex }) => keyIndex)
  account.swap()
  return {
    drain,
    async resume() {
      await drain.retire(old)
      const alive = [...account.keysOf(account.next)].filter(({ keyIndex }) => keyIndex !== 0)
      await drain.release(alive)
      await drain.close()
    },
  }
}

describe('a pool whose authorizer holds both signers', () => {
  it('goes through a swap under load without a failed call', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using one = await open(account, [account.old, account.next], store)
    await using other = await open(account, [account.old, account.next], store)
    using ofOne = load(one)
    using ofOther = load(other)
    const loads = [ofOne, ofOther]
    const sent = () => ofOne.sent() + ofOther.sent() // more callers than keys: one may get them all
    await until(() => sent() > 20)
    const { resume } = await rotate(account, [store])
    const before = sent()
    await until(() => sent() > before + 20)
    await resume()
    const after = sent()
    await until(() => sent() > after + 20)
    await Promise.all(loads.map((each) => each.stop()))
    expect(loads.flatMap((each) => each.failures)).toEqual([])
    await until(() => one.pool.stats().inFlight + other.pool.stats().inFlight === 0)
    expect(account.refused).toEqual([])
    expect(one.reports).toContainEqual({ kind: 'rotating', rotationId: id })
    for (const { pool } of [one, other])
      expect(pool.stats()).toMatchObject({ refused: 0, lost: 0, rotating: 1, rotated: 0 })
  })

  it('waits while the keys are held, and uses new copies before the rotation is resumed', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using one = await open(account, [account.old, account.next], store)
    const flagKey = { keyIndex: account.add(account.next, 0), sequenceNumber: 0n }
    const drain = createDrain({ pools: [{ store, address }], id, flagKey, pollMs: 5 })
    await drain.acquire({ timeoutMs: 10_000 })
    const sent = one.send()
    await until(() => one.pool.stats().rotating === 1)
    await drain.makeDurable()
    account.swap()
    expect(await sent).toBe('taken')
    await drain.close()
  })

  it('changes nothing in the store while the keys are held, when it starts or is refreshed', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using one = await open(account, [account.old, account.next], store)
    const drain = createDrain({ pools: [{ store, address }], id, pollMs: 5 })
    await drain.acquire({ timeoutMs: 10_000 })
    await drain.makeDurable()
    account.add(account.old, 0)
    await using late = await open(account, [account.old, account.next], store)
    await one.pool.refresh()
    const rows = await store.listKeys(address)
    expect(rows.map(({ state }) => state)).toEqual(['quarantined', 'quarantined', 'quarantined'])
    expect(late.kinds()).toEqual(['rotating'])
    await drain.release()
    expect(await late.send()).toBe('taken')
  })

  it('goes on when a rotation gives up', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using one = await open(account, [account.old], store)
    const held = await one.pool.lease()
    const flagKey = { keyIndex: account.add(account.next, 0), sequenceNumber: 0n }
    const drain = createDrain({ pools: [{ store, address }], id, flagKey, pollMs: 5 })
    const acquired = drain.acquire({ timeoutMs: 1_000 })
    await until(async () => (await store.listKeys(address)).every(({ state }) => state !== 'free'))
    const sent = one.send()
    expect(await acquired).toMatchObject({ held: false, waiting: [{ state: 'leased' }] })
    expect(await sent).toBe('taken')
    await held.release()
    await drain.close()
  })

  it('goes on when the process of a rotation is killed while it collects', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using one = await open(account, [account.old], store)
    const flagKey = { keyIndex: account.add(account.next, 0), sequenceNumber: 0n }
    const killed = createDrain({ pools: [{ store, address }], id, flagKey, leaseMs: 300 })
    await killed.acquire({ timeoutMs: 500 })
    const holder = 'a process that is gone' // nobody extends it: the rows lapse by themselves
    expect(await store.leaseKeys({ address, count: 9, holder, leaseMs: 1 })).toEqual([])
    await killed.close()
    expect(await one.send()).toBe('taken')
  })

  it('reads the keys again when another key of the account was swapped while nobody asked', async () => {
    const others = createSoftwareSigner({ algorithm: 'ECDSA_P256' })
    await using account = await startRotatingAccount({ copies: 0, weight: 500, others })
    account.add(others, 0, 3)
    const store = createMemoryStore()
    await using one = await open(account, [account.old, account.next, others], store)
    expect(await one.send('before')).toBe('taken')
    await until(() => one.pool.stats().inFlight === 0)
    const flagKey = { keyIndex: account.add(account.next, 0), sequenceNumber: 0n }
    const drain = createDrain({ pools: [{ store, address }], id, flagKey, pollMs: 5 })
    await drain.acquire({ timeoutMs: 10_000 })
    await drain.makeDurable()
    account.swap(0)
    await drain.release([...account.keysOf(others).slice(1), ...account.keysOf(account.next)])
    await drain.close()
    // The one that no pool knew would tell; another process has it.
    const request = { address, count: 1, holder: 'another process', leaseMs: 60_000 }
    expect(await store.leaseKeys(request)).toMatchObject([{ keyIndex: flagKey.keyIndex }])
    const quietSince = performance.now()
    await until(() => performance.now() > quietSince + 600) // longer than a busy pool is quiet
    expect(await one.send('after')).toBe('taken')
    await until(() => account.executed.includes('after') || account.refused.includes('after'))
    expect(account.refused).toEqual([])
  })

  it('never signs with indexes that were named before the swap and are revoked', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    const both = [account.old, account.next]
    await using one = await open(account, both, store, { keyIndexes: [0] })
    expect(await one.send('before')).toBe('taken')
    const { resume } = await rotate(account, [store])
    await resume()
    await expect(one.send('after')).rejects.toMatchObject({ code: 'KEY_REVOKED' })
    await until(() => account.executed.includes('before'))
    expect(account.refused).toEqual([])
  })

  it('reads the keys of an authorizer again that is not the one of the pool', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    const both = [account.old, account.next]
    await using one = await open(account, both, store)
    const apart = KmsAuthorizer.fromSigners(both, { accessNode: `${account.node.url}/apart` })
    const authz = apart.authorize(address, { proposalKeys: one.pool })
    const flagIndex = account.add(account.next, 0) // so that it knows a key of the new signer
    await (await playRoles(authz, 'before')).sign(latestBlockId(account.node))
    account.add(account.next, 0)
    const drain = createDrain({ pools: [{ store, address }], id, pollMs: 5 })
    void flagIndex
    await drain.seize()
    account.add(account.next, 1_000)
    account.revoke([0, 1, 2, 3])
    const resolved = await playRoles(authz, 'after')
    const signed = await resolved.sign(latestBlockId(account.node))
    expect(signed.envelopeSignatures.map(({ keyIndex }) => keyIndex)).not.toContain(0)
    await drain.close()
  })
})

describe('a pool whose authorizer holds the old signer alone', () => {
  it('tells its callers, and leaves the new keys to others', async () => {
    await using account = await startRotatingAccount({ copies: 20 })
    const store = createMemoryStore()
    await using both = await open(account, [account.old, account.next], store)
    await using alone = await open(account, [account.old], store)
    using loadOfBoth = load(both)
    using loadOfAlone = load(alone, 3)
    await until(() => loadOfBoth.sent() > 10 && loadOfAlone.sent() > 5)
    const { resume } = await rotate(account, [store])
    await until(() => loadOfAlone.failures.length > 20)
    await resume()
    const before = loadOfBoth.sent()
    await until(() => loadOfBoth.sent() > before + 20)
    await Promise.all([loadOfBoth.stop(), loadOfAlone.stop()])
    expect(loadOfBoth.failures).toEqual([])
    const rotated = { code: 'KEY_ROTATED', context: { address, keyIndexes: [0], weight: 0 } }
    for (const failure of loadOfAlone.failures) expect(failure).toMatchObject(rotated)
    expect(account.refused).toEqual([])
    expect(alone.kinds().filter((kind) => kind === 'rotated')).toEqual(['rotated'])
    expect(alone.kinds()).not.toContain('trouble')
    expect(alone.pool.stats()).toMatchObject({ quarantined: 0, rotated: 1 })
    await until(() => both.pool.stats().inFlight === 0)
    const rows = (await store.listKeys(address)).filter(({ keyIndex }) => keyIndex > 20)
    expect(rows.map(({ state }) => state)).toEqual(rows.map(() => 'free'))
  })

  it('gives back at once the new keys that it takes before it knows', async () => {
    await using account = await startRotatingAccount()
    const store = createMemoryStore()
    await using alone = await open(account, [account.old], store)
    const { resume } = await rotate(account, [store])
    await resume()
    await store.enrollKeys(address, account.keysOf(account.next))
    const asked = Promise.allSettled([1, 2, 3].map(() => alone.pool.lease()))
    for (const one of await asked)
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'KEY_ROTATED' } })
    expect(alone.kinds()).toEqual(['rotated'])
    const rows = (await store.listKeys(address)).filter(({ keyIndex }) => keyIndex > 3)
    expect(rows.map(({ state }) => state)).toEqual(rows.map(() => 'free'))
  })

  it('is refused at once when it starts after the swap', async () => {
    await using account = await startRotatingAccount()
    account.swap()
    const opened = open(account, [account.old], createMemoryStore())
    await expect(opened).rejects.toMatchObject({ code: 'KEY_ROTATED' })
  })
})
