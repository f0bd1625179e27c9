/** The sentences about what is larger than one statement, or one answer, should be. @module */
import { coalesce } from '../../src/proposal-keys/coalesce.ts'
import type { Sentence } from './store-contract.ts'
import {
  address,
  claim,
  enroll,
  eventually,
  intentOf,
  lease,
  minuteMs,
  names,
  openingOf,
  settlementOf,
  sure,
} from './store-fixtures.ts'

/** As large as a transaction of Flow may be. */
const large = 'x'.repeat(1_400_000)
const ids = names(30)

export function describeLarge(sentence: Sentence): void {
  sentence(
    'keeps, lists, claims and gives what is large, each once and in order',
    async (store) => {
      const jobs = ids.map((id) => intentOf(id, { arguments: [`"${id}"`, large] }))
      const added = await store.addJobs(address, jobs, 100)
      expect(added.map((answer) => answer?.created)).toEqual(ids.map(() => true))
      const listed = await store.listJobs(address, { limit: 100 })
      expect(listed.map(({ id }) => id)).toEqual(ids)
      expect(listed.at(-1)?.arguments).toEqual([`"${ids.at(-1)}"`, large])
      expect(await store.listJobs(address, { limit: 25, afterId: sure(ids[3]) })).toHaveLength(25)
      const asked = [...ids].reverse().flatMap((id) => [id, 'unknown', id])
      const given = await store.getJobs(address, asked)
      expect(given.map(({ id }) => id)).toEqual(asked.filter((id) => id !== 'unknown'))
      const claimed: string[] = []
      for (let more = true; more; ) {
        const part = await claim(store, 100)
        claimed.push(...part.map(({ id }) => id))
        more = part.length > 0
      }
      expect(claimed).toEqual(ids)
    },
  )

  sentence('takes over and settles what is large, each once', async (store) => {
    const keys = 16
    await enroll(store, keys)
    const leases = await lease(store, keys)
    const transaction = Buffer.from(large)
    const openings = leases.map((held) => openingOf(held, [], { transaction, leaseMs: 0 }))
    expect(await store.openAttempts(openings)).toEqual(openings.map(() => true))
    const adopted = await eventually(() =>
      store.adoptAttempts({ address, holder: 'two', leaseMs: minuteMs }),
    )
    const indexes = adopted.map(({ keyIndex }) => keyIndex)
    expect(indexes).toEqual(leases.map(({ keyIndex }) => keyIndex))
    const kept = sure(adopted.at(-1)).transaction
    expect([kept.constructor, transaction.equals(kept)]).toEqual([Uint8Array, true]) // soon compared
    expect(await store.adoptAttempts({ address, holder: 'three', leaseMs: minuteMs })).toEqual([])
    const settled = openings.map((opening) => settlementOf({ ...opening, fence: 2 }))
    expect(await store.settleAttempts(settled)).toEqual(openings.map(() => true))
  })

  sentence('lists many large transactions of one job', async (store) => {
    await enroll(store, 1)
    await store.addJobs(address, [intentOf('job')], 1)
    const transaction = Buffer.from(large)
    const signed: string[] = []
    for (let turn = 0; turn < 14; turn += 1) {
      const [held] = await eventually(() => lease(store))
      const jobs = await eventually(() => claim(store))
      const opening = openingOf(sure(held), jobs, { transaction })
      expect(await store.openAttempts([opening])).toEqual([true])
      signed.push(opening.transactionId)
      const again = [{ id: 'job', state: 'queued' as const }]
      const { sequenceNumber: nextSequenceNumber } = opening
      const dead = { state: 'dead' as const, key: { nextSequenceNumber }, jobs: again }
      expect(await store.settleAttempts([settlementOf(opening, dead)])).toEqual([true])
    }
    const listed = await store.listAttempts(address, 'job')
    expect(listed.map(({ transactionId }) => transactionId)).toEqual(signed)
  })

  sentence('refuses a job that cannot be kept, and none that comes with it', async (store) => {
    const addJob = coalesce(
      (jobs: readonly ReturnType<typeof intentOf>[]) => store.addJobs(address, jobs, 100),
      100,
    )
    const bad = [
      intentOf('nul', { cadence: 'transaction {} // \0' }),
      intentOf('half', { arguments: ['"\ud800"'] }),
      intentOf('half-key', { batch: 'mint', batchGroup: '\udc00' }),
      intentOf('limit', { computeLimit: 0.5 }),
      intentOf('limitless', { computeLimit: 2 ** 64 }),
      intentOf('huge', { arguments: Array.from({ length: 13 }, () => large) }),
      intentOf('ünnamed'),
    ]
    const good = names(bad.length + 1).map((id) => intentOf(id))
    const mixed = good.flatMap((job, index) => [job, ...bad.slice(index, index + 1)])
    const told = await Promise.allSettled(mixed.map(addJob))
    const refused = mixed.filter((_, index) => told[index]?.status === 'rejected')
    expect(refused).toEqual(bad)
    for (const one of told)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'INVALID_OPTION' })
    const listed = await store.listJobs(address, { limit: 100 })
    expect(listed.map(({ id }) => id)).toEqual(good.map(({ id }) => id))
  })
}
