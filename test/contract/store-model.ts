/** Random orders of steps by two holders, and what must be true after each of them. @module */
import fc from 'fast-check'
import type { Claim, LeaseFact, RelayStore } from '../../src/stores/store.ts'
import type { Sentence } from './store-contract.ts'
import { digits, intentOf, type Opening, openingOf, settlementOf } from './store-fixtures.ts'

const holders = ['one', 'two'] as const
const keyCount = 3
const jobCount = 4

/** What a holder believes to have; some of it is old, which is the point. */
type Believed = {
  readonly leases: LeaseFact[]
  readonly claims: Claim[]
  readonly openings: Opening[]
}

/** One account of the store, and every right that it has granted. */
type World = {
  readonly store: RelayStore
  readonly address: string
  readonly believed: readonly Believed[]
  /** Fails when this right was granted before. */
  readonly grant: (what: string, fence: number) => void
  /** Fails when a right was accepted that a newer one has replaced. */
  readonly accept: (accepted: boolean | undefined, what: string, fence: number) => void
}

type Step = {
  readonly kind:
    | 'lease'
    | 'commit'
    | 'settleLease'
    | 'claim'
    | 'unclaim'
    | 'open'
    | 'settle'
    | 'adopt'
  readonly holder: number
  readonly pick: number
  readonly short: boolean
  readonly outcome: 'executed' | 'sealed' | 'dead' | 'unclear'
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    ...(['lease', 'lease', 'claim', 'claim', 'open', 'open', 'open', 'settle', 'settle'] as const),
    ...(['commit', 'settleLease', 'unclaim', 'adopt', 'adopt'] as const),
  ),
  holder: fc.nat(1),
  pick: fc.nat(7),
  short: fc.boolean(),
  outcome: fc.constantFrom('executed', 'sealed', 'dead', 'unclear'),
})

const jobAfter = {
  executed: 'in-flight',
  sealed: 'done',
  dead: 'queued',
  unclear: 'quarantined',
} as const

/** Runs one step with what the holder believes, be it true or not. */
async function take(world: World, move: Step): Promise<void> {
  const { store, address, grant, accept } = world
  const { leases = [], claims = [], openings = [] } = world.believed[move.holder] ?? {}
  const holder = holders[move.holder] ?? 'one'
  const leaseMs = move.short ? 0 : 60_000
  const held = leases.at(-1 - (move.pick % 2))
  const opening = openings.at(-1 - (move.pick % 3))
  if (move.kind === 'lease') {
    const found = await store.leaseKeys({ address, count: 1 + (move.pick % 2), holder, leaseMs })
    leases.push(...found)
    for (const key of found) grant(`key ${key.keyIndex}`, key.fence)
  } else if (move.kind === 'claim') {
    const limit = 1 + (move.pick % 2)
    for (const { id, fence } of await store.claimJobs({ address, limit, holder, leaseMs })) {
      claims.push({ id, fence })
      grant(`job ${id}`, fence)
    }
  } else if (move.kind === 'adopt') {
    for (const attempt of await store.adoptAttempts({ address, holder, leaseMs })) {
      grant(`attempt ${attempt.transactionId}`, attempt.fence)
      const key = (await store.listKeys(address)).find((row) => row.keyIndex === attempt.keyIndex)
      if (key?.transactionId === attempt.transactionId) grant(`key ${key.keyIndex}`, key.fence)
      const jobs = attempt.jobIds.map((id) => ({ id, fence: 0 }))
      openings.push(openingOf(attempt, jobs, { transactionId: attempt.transactionId }))
    }
    for (const key of await store.adoptKeys({ address, holder, leaseMs })) {
      grant(`key ${key.keyIndex}`, key.fence)
      leases.push(key)
    }
  } else if (move.kind === 'unclaim') {
    const claimed = claims.at(-1)
    if (claimed) await store.unclaimJobs(address, [{ ...claimed, state: 'queued' }])
  } else if (move.kind === 'open' && held && claims.length > 0) {
    const next = openingOf(held, claims.slice(-1 - (move.pick % 2)), { leaseMs })
    const [stored] = await store.openAttempts([next])
    accept(stored, `key ${next.keyIndex}`, next.fence)
    for (const job of next.jobs) accept(stored, `job ${job.id}`, job.fence)
    if (stored) grant(`attempt ${next.transactionId}`, next.fence)
    if (stored) openings.push(next)
  } else if (move.kind === 'commit' && held) {
    const commit = { ...held, transactionId: null, referenceBlockId: digits(), leaseMs }
    const [committed] = await store.commitLeases([commit])
    accept(committed, `key ${held.keyIndex}`, held.fence)
  } else if (move.kind === 'settleLease' && held && !isOpen(await attemptsOf(world), held)) {
    // The pool never settles a key that a relay has in flight.
    const settlement = { ...held, nextSequenceNumber: held.sequenceNumber + 1n }
    const [settled] = await store.settleLeases([settlement])
    accept(settled, `key ${held.keyIndex}`, held.fence)
  } else if (move.kind === 'settle' && opening) {
    const { sequenceNumber, jobs } = opening
    const spent = move.outcome === 'executed' || move.outcome === 'sealed'
    const key = { nextSequenceNumber: sequenceNumber + (spent ? 1n : 0n) }
    const state = move.outcome
    const told = jobs.map(({ id }) => ({ id, state: jobAfter[state] }))
    const settlement = settlementOf(opening, { state, key, jobs: told })
    const [settled] = await store.settleAttempts([settlement])
    accept(settled, `attempt ${opening.transactionId}`, opening.fence)
  }
}

type Seen = Awaited<ReturnType<RelayStore['listAttempts']>>[number]

const ids = Array.from({ length: jobCount }, (_, index) => `job-${index}`)

async function attemptsOf({ store, address }: World): Promise<readonly Seen[]> {
  const lists = await Promise.all(ids.map((id) => store.listAttempts(address, id)))
  return [...new Map(lists.flat().map((seen) => [seen.transactionId, seen])).values()]
}

const isOpen = (attempts: readonly Seen[], { keyIndex }: LeaseFact) =>
  attempts.some((seen) => seen.keyIndex === keyIndex && seen.state === 'open')

async function check(world: World): Promise<void> {
  const { store, address } = world
  const attempts = await attemptsOf(world)
  const [jobs, keys] = [await store.getJobs(address, ids), await store.listKeys(address)]
  const alive = attempts.filter(({ state }) => ['open', 'executed'].includes(state))
  const numbers = alive.map(({ keyIndex, sequenceNumber }) => `${keyIndex} ${sequenceNumber}`)
  expect(new Set(numbers).size).toBe(numbers.length)
  const open = attempts.filter(({ state }) => state === 'open' || state === 'executed')
  const riding = open.flatMap(({ jobIds }) => jobIds)
  expect(new Set(riding).size).toBe(riding.length)
  for (const job of jobs) {
    expect(riding.includes(job.id)).toBe(job.state === 'in-flight')
    const signed = attempts.filter(({ jobIds }) => jobIds.includes(job.id))
    expect(signed).toHaveLength(job.attempts)
    if (job.state === 'in-flight')
      expect(job.transactionId).toBe(signed.find((seen) => open.includes(seen))?.transactionId)
    if (job.state === 'done') expect(signed.some(({ state }) => state === 'sealed')).toBe(true)
    expect(signed.filter(({ state }) => state === 'sealed').length).toBeLessThanOrEqual(1)
  }
  for (const attempt of attempts.filter(({ state }) => state === 'open')) {
    const { transactionId, fence } = attempt
    const key = keys.find(({ keyIndex }) => keyIndex === attempt.keyIndex)
    expect(key).toMatchObject({ state: 'in-flight', transactionId, fence })
  }
  const counts = await store.countJobs(address)
  for (const [state, count] of Object.entries(counts))
    expect([state, count]).toEqual([state, jobs.filter((job) => job.state === state).length])
}

async function createWorld(store: RelayStore, address: string): Promise<World> {
  const keys = Array.from({ length: keyCount }, (_, keyIndex) => ({ keyIndex, sequenceNumber: 0n }))
  await store.enrollKeys(address, keys)
  await store.addJobs(
    address,
    ids.map((id) => intentOf(id)),
    100,
  )
  const newest = new Map<string, number>()
  return {
    store,
    address,
    believed: holders.map(() => ({ leases: [], claims: [], openings: [] })),
    grant: (what, fence) => {
      expect([what, fence > (newest.get(what) ?? 0)]).toEqual([what, true])
      newest.set(what, fence)
    },
    accept: (accepted, what, fence) => {
      if (accepted) expect([what, fence]).toEqual([what, newest.get(what)])
    },
  }
}

export function describeModel(sentence: Sentence): void {
  sentence('never grants a right twice, nor signs twice for a number or a job', async (store) => {
    let accounts = 0
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 60 }),
      async (steps) => {
        accounts += 1
        const world = await createWorld(store, `0x${accounts.toString(16).padStart(16, '0')}`)
        for (const move of steps) {
          await take(world, move)
          await check(world)
        }
      },
    )
    await fc.assert(property, { numRuns: 12, endOnFailure: true })
  })
}
