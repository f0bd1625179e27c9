/** What the sentences about stores have in common: intents, leases, signed transactions. @module */
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, JobIntent, LeaseFact, RelayStore } from '../../src/stores/store.ts'

export const address = '0x0000000000000001'
export const other = '0x0000000000000002'
export const minuteMs = 60_000

export const digits = (): string => randomBytes(32).toString('hex')
export const names = (count: number, prefix = 'job'): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`)

export const intentOf = (id: string, change: Partial<JobIntent> = {}): JobIntent => ({
  id,
  intentHash: createHash('sha256').update(id).digest('hex'),
  cadence: 'transaction { prepare(signer: &Account) {} }',
  arguments: ['{"type":"String","value":"ä \\" 漢"}'],
  computeLimit: 100,
  batch: null,
  batchGroup: null,
  ...change,
})

/** Keys 0 to `count - 1`, each with the number of its index plus 10. */
export const enroll = (store: RelayStore, count: number): Promise<void> =>
  store.enrollKeys(
    address,
    Array.from({ length: count }, (_, keyIndex) => ({
      keyIndex,
      sequenceNumber: BigInt(keyIndex + 10),
    })),
  )

export const lease = (
  store: RelayStore,
  count = 1,
  holder = 'one',
  leaseMs = minuteMs,
): Promise<readonly LeaseFact[]> => store.leaseKeys({ address, count, holder, leaseMs })

export const leaseOne = async (store: RelayStore, holder = 'one', leaseMs = minuteMs) =>
  sure((await lease(store, 1, holder, leaseMs))[0])

export const add = async (store: RelayStore, ids: readonly string[], maxOpen = 1_000) =>
  store.addJobs(
    address,
    ids.map((id) => intentOf(id)),
    maxOpen,
  )

export const claim = async (
  store: RelayStore,
  limit = 1,
  holder = 'one',
  leaseMs = minuteMs,
): Promise<readonly Claim[]> =>
  (await store.claimJobs({ address, limit, holder, leaseMs })).map(({ id, fence }) => ({
    id,
    fence,
  }))

export type Opening = Parameters<RelayStore['openAttempts']>[0][number]

export const openingOf = (
  held: LeaseFact,
  jobs: readonly Claim[],
  change: Partial<Opening> = {},
): Opening => ({
  ...held,
  transactionId: digits(),
  transaction: Uint8Array.of(0, 1, 255, 128),
  referenceBlockId: digits(),
  referenceHeight: 1_000,
  leaseMs: minuteMs,
  jobs,
  ...change,
})

/** Adds, claims and opens one attempt with these jobs, on a key that is enrolled for it. */
export async function inFlight(
  store: RelayStore,
  ids: readonly string[] = ['job'],
  leaseMs = minuteMs,
): Promise<Opening> {
  await enroll(store, 1)
  await add(store, ids)
  const opening = openingOf(await leaseOne(store), await claim(store, ids.length), { leaseMs })
  expect(await store.openAttempts([opening])).toEqual([true])
  return opening
}

export type Settlement = Parameters<RelayStore['settleAttempts']>[0][number]

export const settlementOf = (
  { transactionId, fence, sequenceNumber, jobs }: Opening,
  change: Partial<Settlement> = {},
): Settlement => ({
  transactionId,
  fence,
  state: 'sealed',
  blockHeight: 1_010,
  key: { nextSequenceNumber: sequenceNumber + 1n },
  jobs: jobs.map(({ id }) => ({ id, state: 'done' as const, blockHeight: 1_010 })),
  ...change,
})

export const jobOf = async (store: RelayStore, id = 'job') =>
  sure((await store.getJobs(address, [id]))[0])
export const keyOf = async (store: RelayStore, keyIndex = 0) =>
  sure((await store.listKeys(address)).find((key) => key.keyIndex === keyIndex))

/** The value, which must be there. */
export function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none')
  return value
}

/** Asks again until the answer is not empty, false or undefined. */
export async function eventually<T>(ask: () => Promise<T>, deadlineMs = 10_000): Promise<T> {
  for (const deadline = Date.now() + deadlineMs; ; await sleep(10)) {
    const answer = await ask()
    if (Array.isArray(answer) ? answer.length > 0 : answer) return answer
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms`)
  }
}
