/** What becomes of a key that cannot be lent as the store has it, and of those beside it. */
import { engineOf } from '../../../src/authorizer/kms-authorizer.ts'
import { connectAccessNode } from '../../../src/flow/access-node.ts'
import { KmsAuthorizer } from '../../../src/index.ts'
import { createAside } from '../../../src/proposal-keys/aside.ts'
import { createBooks } from '../../../src/proposal-keys/books.ts'
import { createChecking } from '../../../src/proposal-keys/checking.ts'
import { createKnownKeys } from '../../../src/proposal-keys/known-keys.ts'
import type { PoolReport } from '../../../src/proposal-keys/report.ts'
import { createMemoryStore } from '../../../src/stores/index.ts'
import { address, openPool, outsider, signer, startPoolChain } from '../../support/pool-world.ts'
import type { NodeFault } from '../../support/simulated-node.ts'
import { until } from '../../support/until.ts'

const absent = { status: 404, body: { code: 404, message: 'no such key' } } as const
const broken = { status: 500, body: { code: 500, message: 'out of order' } } as const

/** Keys 1 to 3 on chain and in the store, and what `extra` are in the store alone. */
async function startDesk(extra: readonly number[] = [], isRead = true) {
  const node = await startPoolChain({ copies: 3 })
  const store = createMemoryStore()
  const enrolled = [1, 2, 3, ...extra].map((keyIndex) => ({ keyIndex, sequenceNumber: 0n }))
  await store.enrollKeys(address, enrolled)
  const closing = new AbortController()
  const { signal } = closing
  const reports: PoolReport[] = []
  const report = (one: PoolReport) => reports.push(one)
  const connection = connectAccessNode(node.url)
  const engine = engineOf(KmsAuthorizer.fromSigners(signer, { accessNode: node.url }))
  const books = createBooks({
    store,
    report,
    onFreed: () => undefined,
    onTrouble: () => undefined,
    signal,
  })
  const parts = { engine, node: async () => connection, store, address, report, signal }
  const keys = createKnownKeys(parts)
  if (isRead) await keys.refresh()
  const checked = createChecking({
    node: async () => connection,
    keys,
    books,
    report,
    onResync: () => undefined,
    aside: createAside({ keys, books, report, pace: { firstMs: 5, maxMs: 20 }, signal }),
    signal,
  })
  return {
    node,
    store,
    keys,
    reports,
    fault(keyIndex: number, fault: NodeFault | undefined) {
      node.setFault(({ path }) => (path.includes(`/keys/${keyIndex}?`) ? fault : undefined))
    },
    async lend() {
      const count = enrolled.length
      const facts = await store.leaseKeys({ address, count, holder: 'us', leaseMs: 60_000 })
      return (await checked(facts)).map(({ keyIndex }) => keyIndex).sort()
    },
    async rowOf(keyIndex: number) {
      return (await store.listKeys(address)).find((row) => row.keyIndex === keyIndex)
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the test is over'))
      await node[Symbol.asyncDispose]()
    },
  }
}
type Desk = Awaited<ReturnType<typeof startDesk>>

/** Leases the one key that is not lent, until the condition holds. */
const lendUntil = (desk: Desk, condition: () => Promise<boolean>) =>
  until(async () => {
    await desk.lend()
    return condition()
  })

describe('checking leased keys', () => {
  it('lends those beside a key that the chain does not know, and quarantines that one', async () => {
    await using desk = await startDesk([50])
    expect(await desk.lend()).toEqual([1, 2, 3])
    await lendUntil(desk, async () => (await desk.rowOf(50))?.state === 'quarantined')
    expect(await desk.rowOf(50)).toMatchObject({ reason: 'the account has no such key' })
    expect(desk.reports.at(-1)).toEqual({ kind: 'quarantined', keyIndex: 50 })
    const trouble = { kind: 'trouble', errorCode: 'KEY_INDEX_UNKNOWN', keyIndex: 50 }
    expect(desk.reports.slice(0, -1)).toEqual([1, 2, 3, 4, 5, 6].map(() => trouble))
  })

  it.each([
    ['does not know it, though the account has it', absent, 'KEY_INDEX_UNKNOWN'],
    ['is out of order', broken, 'ACCESS_NODE_REFUSED'],
  ])(
    'never quarantines a key when the node %s',
    async (_, fault, errorCode) => {
      await using desk = await startDesk()
      desk.keys.suspectAll()
      desk.fault(2, fault)
      expect(await desk.lend()).toEqual([1, 3])
      await lendUntil(desk, async () => desk.reports.length > 8)
      expect(desk.reports[8]).toEqual({ kind: 'trouble', errorCode, keyIndex: 2 })
      desk.fault(2, undefined)
      let lent: readonly number[] = []
      await until(async () => {
        lent = [...lent, ...(await desk.lend())]
        return lent.length > 0
      })
      expect([lent, (await desk.rowOf(2))?.state]).toEqual([[2], 'leased'])
    },
    20_000,
  )

  it('sets a key aside, so that it is not the next to be leased', async () => {
    await using desk = await startDesk([50])
    await desk.lend()
    const facts = await desk.store.leaseKeys({ address, count: 9, holder: 'us', leaseMs: 60_000 })
    expect(facts).toEqual([])
  })

  it('corrects a number and quarantines what is no copy, each alone', async () => {
    await using desk = await startDesk([0])
    desk.node.chain.intrude(outsider(desk.node, 3))
    await until(() => desk.node.chain.sequenceNumber(3, desk.node.chain.heights().executed) === 1)
    desk.keys.suspectAll()
    expect(await desk.lend()).toEqual([1, 2])
    expect([1, 2, 3].filter(desk.keys.isSuspect)).toEqual([]) // looked at once, not at each lease
    expect(await desk.rowOf(3)).toMatchObject({ state: 'free', sequenceNumber: 1n })
    expect((await desk.rowOf(0))?.state).toBe('quarantined')
  })

  it('reads the account for copies that another process has enrolled', async () => {
    await using desk = await startDesk([], false)
    expect(await desk.lend()).toEqual([1, 2, 3])
    expect(desk.reports).toEqual([])
  })

  it('quarantines a key that was revoked', async () => {
    await using desk = await startDesk()
    desk.keys.suspectAll()
    const reply = await fetch(`${desk.node.url}/v1/accounts/${address.slice(2)}/keys/2`)
    const body = { ...JSON.parse(await reply.text()), revoked: true }
    desk.fault(2, { status: 200, body })
    expect(await desk.lend()).toEqual([1, 3])
    expect((await desk.rowOf(2))?.state).toBe('quarantined')
    expect(desk.reports).toEqual([{ kind: 'quarantined', keyIndex: 2 }])
  })

  it('brings back what was quarantined once the account has it', async () => {
    await using desk = await startDesk()
    const [fact] = await desk.store.leaseKeys({ address, count: 1, holder: 'us', leaseMs: 60_000 })
    if (fact === undefined) throw new Error('no key is free')
    const { keyIndex, fence } = fact
    const settlement = { address, keyIndex, fence, nextSequenceNumber: 7n, quarantine: 'why' }
    await desk.store.settleLeases([settlement])
    await desk.keys.refresh()
    expect(await desk.rowOf(keyIndex)).toMatchObject({ state: 'free', sequenceNumber: 0n })
    expect(desk.keys.isSuspect(keyIndex)).toBe(true)
  })
})

it('a pool serves everybody beside a key that the chain does not know', async () => {
  await using node = await startPoolChain({ copies: 3 })
  const store = createMemoryStore()
  await store.enrollKeys(address, [{ keyIndex: 50, sequenceNumber: 0n }])
  await using pool = await openPool(node.url, { store, waitMs: 10_000 })
  const borrow = async () => (await pool.lease()).release()
  for (let round = 0; round < 30; round++) await Promise.all([1, 2, 3, 4].map(borrow))
  expect(pool.stats()).toMatchObject({ leases: 120, waiting: 0 })
  expect(pool.reports.filter(({ kind }) => kind === 'trouble').length).toBeLessThan(10)
})
