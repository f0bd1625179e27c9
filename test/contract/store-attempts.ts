/** The sentences about opening attempts. @module */
import type { RelayStore } from '../../src/stores/store.ts'
import type { Sentence } from './store-contract.ts'
import {
  add,
  address,
  claim,
  enroll,
  inFlight,
  jobOf,
  keyOf,
  lease,
  leaseOne,
  names,
  type Opening,
  openingOf,
  settlementOf,
  sure,
} from './store-fixtures.ts'

/** A lease and two claims, and what is refused of them. */
const refused: readonly (readonly [
  what: string,
  spoil: (good: Opening, store: RelayStore) => Promise<Opening> | Opening,
])[] = [
  ['another fence of the key', (good) => ({ ...good, fence: good.fence + 1 })],
  ['another number than that of the lease', (good) => ({ ...good, sequenceNumber: 11n })],
  ['an unknown key', (good) => ({ ...good, keyIndex: 9 })],
  ['the key of another account', (good) => ({ ...good, address: '0x0000000000000002' })],
  [
    'an old fence of a job',
    (good) => ({ ...good, jobs: good.jobs.map((job) => ({ ...job, fence: 0 })) }),
  ],
  ['an unknown job', (good) => ({ ...good, jobs: [...good.jobs, { id: 'none', fence: 1 }] })],
  ['one job twice', (good) => ({ ...good, jobs: [...good.jobs, ...good.jobs] })],
  [
    'a job that was given back',
    async (good, store) => {
      await store.unclaimJobs(address, [{ ...sure(good.jobs[0]), state: 'queued' }])
      return good
    },
  ],
  [
    'a key that was given back',
    async (good, store) => {
      await store.settleLeases([{ ...good, nextSequenceNumber: good.sequenceNumber }])
      return good
    },
  ],
  [
    'a key that is in flight with something else',
    async (good, store) => {
      await store.commitLeases([good])
      return good
    },
  ],
]

export function describeAttempts(sentence: Sentence): void {
  sentence('are stored with their key and their jobs', async (store) => {
    const opening = await inFlight(store, ['b', 'a'])
    const { transactionId, referenceBlockId } = opening
    expect(await keyOf(store)).toMatchObject({
      state: 'in-flight',
      transactionId,
      referenceBlockId,
    })
    expect(await jobOf(store, 'b')).toMatchObject({
      state: 'in-flight',
      transactionId,
      attempts: 1,
      executed: false,
    })
    expect(await store.listAttempts(address, 'a')).toEqual([
      {
        transactionId,
        address,
        keyIndex: 0,
        sequenceNumber: 10n,
        fence: 1,
        transaction: Uint8Array.of(0, 1, 255, 128),
        referenceHeight: 1_000,
        jobIds: ['b', 'a'],
        blockHeight: null,
        state: 'open',
      },
    ])
  })

  for (const [what, spoil] of refused)
    sentence(`with ${what} are refused, and nothing of them is stored`, async (store) => {
      await enroll(store, 2)
      await add(store, ['a', 'b', 'c'])
      const [claimed, rest] = [await claim(store, 2), await claim(store, 1)]
      const bad = await spoil(openingOf(await leaseOne(store), claimed), store)
      const good = openingOf(await leaseOne(store), rest)
      const before = [await keyOf(store), await jobOf(store, 'a'), await jobOf(store, 'b')]
      expect(await store.openAttempts([bad, good, bad])).toEqual([false, true, false])
      const after = [await keyOf(store), await jobOf(store, 'a'), await jobOf(store, 'b')]
      expect(after).toEqual(before)
      expect(await store.listAttempts(address, 'a')).toEqual([])
      expect(await jobOf(store, 'c')).toMatchObject({ state: 'in-flight' })
    })

  sentence('after the time of the lease are refused', async (store) => {
    await enroll(store, 1)
    await add(store, ['job'])
    const held = await leaseOne(store, 'one', 0)
    const opening = openingOf(held, await claim(store))
    expect(await store.openAttempts([opening])).toEqual([false])
    expect(await jobOf(store)).toMatchObject({ state: 'claimed', attempts: 0 })
  })

  sentence('after the time of a claim are refused', async (store) => {
    await enroll(store, 1)
    await add(store, ['job'])
    const claimed = await claim(store, 1, 'one', 0)
    const opening = openingOf(await leaseOne(store), claimed)
    expect(await store.openAttempts([opening])).toEqual([false])
    expect(await keyOf(store)).toMatchObject({ state: 'leased' })
  })

  sentence('with the key and number of one that lives are refused', async (store) => {
    const opening = await inFlight(store, ['a'])
    await add(store, ['b'])
    // As a fault elsewhere would have it: the key is free again with the number that is in flight.
    await store.settleLeases([{ ...opening, nextSequenceNumber: 10n }])
    const second = openingOf(await leaseOne(store), await claim(store))
    expect(await store.openAttempts([second])).toEqual([false])
    const { key: _, ...settlement } = settlementOf(opening, { state: 'executed', jobs: [] })
    expect(await store.settleAttempts([settlement])).toEqual([true])
    expect(await store.openAttempts([second])).toEqual([false])
    // Sealed, its number is spent; only a chain that went back asks for it again.
    expect(await store.settleAttempts([{ ...settlement, state: 'sealed' }])).toEqual([true])
    expect(await store.openAttempts([second])).toEqual([true])
  })

  sentence('with the key and number of one that is dead are stored', async (store) => {
    const first = await inFlight(store)
    const jobs = [{ id: 'job', state: 'queued' as const }]
    const key = { nextSequenceNumber: first.sequenceNumber }
    await store.settleAttempts([settlementOf(first, { state: 'dead', key, jobs })])
    const second = openingOf(await leaseOne(store), await claim(store))
    expect(second.sequenceNumber).toBe(first.sequenceNumber)
    expect(await store.openAttempts([second])).toEqual([true])
    const attempts = await store.listAttempts(address, 'job')
    expect(attempts.map(({ transactionId, state }) => [transactionId, state])).toEqual([
      [first.transactionId, 'dead'],
      [second.transactionId, 'open'],
    ])
    expect(await jobOf(store)).toMatchObject({ attempts: 2, transactionId: second.transactionId })
  })

  sentence('with the id of another are refused', async (store) => {
    const { transactionId } = await inFlight(store)
    await store.enrollKeys(address, [{ keyIndex: 1, sequenceNumber: 0n }])
    await add(store, ['b'])
    const second = openingOf(await leaseOne(store), await claim(store), { transactionId })
    expect(await store.openAttempts([second])).toEqual([false])
  })

  sentence('for one claim are stored once by 20 callers at once', async (store) => {
    await enroll(store, 20)
    await add(store, ['job'])
    const [leases, claimed] = [await lease(store, 20), await claim(store)]
    const calls = leases.map((held) => store.openAttempts([openingOf(held, claimed)]))
    const stored = (await Promise.all(calls)).flat()
    expect(stored.filter((held) => held)).toHaveLength(1)
    expect(await jobOf(store)).toMatchObject({ attempts: 1 })
    const keys = await store.listKeys(address)
    expect(keys.filter(({ state }) => state === 'in-flight')).toHaveLength(1)
  })

  sentence('in batches that cross do not wait for each other', async (store) => {
    await enroll(store, 40)
    await add(store, names(40))
    const [leases, claims] = [await lease(store, 40), await claim(store, 40)]
    const openings = leases.map((held, index) => openingOf(held, claims.slice(index, index + 1)))
    const [open, crossed] = [openings, [...openings].reverse()]
    const stored = await Promise.all([open, crossed, open, crossed].map(store.openAttempts))
    expect(stored.flat().filter((held) => held)).toHaveLength(40)
    const settlements = openings.map((opening) => settlementOf(opening))
    const back = [...settlements].reverse()
    const settled = await Promise.all([settlements, back, back].map(store.settleAttempts))
    expect(settled.flat().filter((held) => held)).toHaveLength(40)
    expect(await store.countJobs(address)).toMatchObject({ done: 40 })
  })

  sentence('without jobs are attempts all the same', async (store) => {
    await enroll(store, 1)
    const opening = openingOf(await leaseOne(store), [])
    expect(await store.openAttempts([opening])).toEqual([true])
    expect(await store.settleAttempts([settlementOf(opening)])).toEqual([true])
    expect([await store.openAttempts([]), await store.settleAttempts([])]).toEqual([[], []])
  })
}
