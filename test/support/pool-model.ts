/** Pools on one store and a simulated chain under random orders of steps, and what must be true. @module */

import fc from 'fast-check'
import type { Transaction } from '../../src/crypto/transaction.ts'
import type { ProposalKeyLease } from '../../src/proposal-keys/index.ts'
import type { RelayStore } from '../../src/stores/index.ts'
import { crashable } from './crashable-store.ts'
import { playRoles, post, type Resolved } from './fcl-player.ts'
import { createPoolLedger, type PoolLedger } from './pool-ledger.ts'
import {
  address,
  afterBlocks,
  expiry,
  latestBlockId,
  type OpenPool,
  openPool,
  outsider,
  startPoolChain,
} from './pool-world.ts'
import type { NodeFault, SimulatedNode } from './simulated-node.ts'
import { until } from './until.ts'

/**
 * One step; what `pick` chooses is in the world, so that every list of steps makes sense.
 * - `send`, `fail`: a transaction, sent at once; the latter fails in Cadence.
 * - `late`: one that is sent some blocks after it was signed. `unsent`: one that never is.
 * - `resolve`, `sign`, `deliver`: the three parts of sending, with anything in between.
 * - `borrow`: a lease that is given back at once.
 * - `give-up`: a caller who aborts while it waits.
 * - `foreign`: somebody else uses a key.
 * - `reset`, `lose-reply`: of a request of the pool. `deny`: the node has no answer for it.
 * - `away`: the next step of the store fails, before or after it was done.
 * - `hasty`: the next leases end in the store before their pool thinks so, as for one that stood still.
 * - `crash`, `close`: the pool, and another comes. `join`: a second pool comes.
 * - `expire`: blocks without transactions. `wait`: some blocks.
 */
export type PoolStep = { readonly kind: (typeof kinds)[number]; readonly pick: number }

const kinds = [
  ...(['send', 'send', 'send', 'send', 'fail', 'late', 'late', 'unsent', 'unsent'] as const),
  ...(['resolve', 'resolve', 'sign', 'deliver', 'wait', 'wait', 'wait', 'borrow'] as const),
  ...(['give-up', 'foreign', 'reset', 'lose-reply', 'deny', 'away', 'hasty'] as const),
  ...(['crash', 'close', 'join', 'expire'] as const),
]

export const poolSteps: fc.Arbitrary<readonly PoolStep[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(5) }),
  { minLength: 4, maxLength: 24 },
)

const copies = 2
const leaseMs = 300
/** Blocks; the last takes longer than a lease, and a transaction that was never sent is over by it. */
const waits = [0, 1, 2, 4, 12, 40]
/** After so many blocks each pool has given up what nobody sent. */
const beyondExpiry = expiry + 100

type Member = { readonly pool: OpenPool; readonly url: string; readonly crash: () => void }

/** A signed or unsigned transaction on its way through FCL. */
type Errand = {
  readonly member: Member
  readonly resolved: Resolved
  isAsked: boolean
  transaction?: Transaction
}

type World = {
  readonly node: SimulatedNode
  readonly store: RelayStore
  readonly alive: Member[]
  readonly errands: Errand[]
  /** What callers wait for, and of which pool. */
  readonly running: Map<Promise<unknown>, Member>
  readonly ledger: PoolLedger
  /** Clients that have crashed; the node must not hear of them again. */
  readonly dead: Set<string>
  /** What fails at the store: before it is done, or only the answer. */
  readonly storeFaults: ('before' | 'after')[]
  /** Milliseconds that a lease lasts in the store. */
  storeLeaseMs: number
  faults: NodeFault[]
  started: number
}

const denied = { status: 500, body: { code: 500, message: 'out of order' } } as const

/** A store that fails when the world says so. */
function failing(world: World): RelayStore {
  const { store, storeFaults } = world
  const guard =
    <Args extends readonly unknown[], Answer>(step: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      const fault = storeFaults.shift()
      if (fault === 'before') throw new Error('the store is away')
      const answer = await step(...args)
      if (fault === 'after') throw new Error('the store has lost its answer')
      return answer
    }
  const { leaseKeys, commitLeases, settleLeases, adoptKeys, extend } = store
  return {
    ...store,
    leaseKeys: guard((request) => leaseKeys({ ...request, leaseMs: world.storeLeaseMs })),
    commitLeases: guard(commitLeases),
    settleLeases: guard(settleLeases),
    adoptKeys: guard(adoptKeys),
    extend: guard(extend),
  }
}

async function join(world: World): Promise<void> {
  const { store, crash: crashStore } = crashable(failing(world))
  const client = `pool-${world.started++}`
  const url = `${world.node.url}/${client}`
  const pool = await openPool(url, { store, leaseMs })
  const crash = () => {
    crashStore()
    world.dead.add(client)
    void pool.close() // its timers only: nothing of it reaches store or node
  }
  world.alive.push({ pool, url, crash })
}

/** The parts of sending, each of which a world may be the end of. */
async function resolve(world: World, member: Member, cadence: string): Promise<Errand> {
  const asked = performance.now()
  const resolved = await playRoles(member.pool.authz, cadence)
  const errand = { member, resolved, isAsked: false }
  world.ledger.lent(resolved, asked)
  return errand
}

async function sign(world: World, errand: Errand): Promise<void> {
  const { resolved } = errand
  errand.isAsked = true
  try {
    errand.transaction = await resolved.sign(latestBlockId(world.node))
    world.ledger.signed(errand.transaction)
  } finally {
    world.ledger.ended(resolved)
  }
}

/** @param options - `blocks`: from the last signature to the sending; never when it is absent. */
async function send(
  world: World,
  member: Member,
  { cadence, blocks }: { readonly cadence: string; readonly blocks?: number },
): Promise<void> {
  const errand = await resolve(world, member, cadence)
  await sign(world, errand)
  if (blocks === undefined) return
  await until(afterBlocks(world.node, blocks))
  if (errand.transaction !== undefined) await post(member.url, errand.transaction)
}

async function borrow(world: World, { pool }: Member, signal?: AbortSignal): Promise<void> {
  const asked = performance.now()
  const lease: ProposalKeyLease = await pool.lease(signal === undefined ? {} : { signal })
  world.ledger.lent(lease, asked)
  world.ledger.ended(lease)
  await lease.release()
}

async function take(world: World, { kind, pick }: PoolStep): Promise<void> {
  const { node, alive, errands, ledger } = world
  if (alive.length === 0) await join(world)
  const member = alive[pick % alive.length]
  if (member === undefined) return
  /** What is refused or cut off by a crash is no fault; what it leaves behind would be. */
  const run = (errand: Promise<unknown>) => {
    world.running.set(errand, member)
    const over = () => void world.running.delete(errand)
    errand.then(over, over)
  }
  if (kind === 'send' || kind === 'fail') run(send(world, member, { cadence: kind, blocks: 0 }))
  else if (kind === 'late') run(send(world, member, { cadence: kind, blocks: waits[pick] ?? 0 }))
  else if (kind === 'unsent') run(send(world, member, { cadence: kind }))
  else if (kind === 'hasty') {
    ledger.hastened()
    world.storeLeaseMs = 1 + 20 * pick
  } else if (kind === 'resolve') run(resolve(world, member, kind).then((one) => errands.push(one)))
  else if (kind === 'sign') {
    const errand = errands.find(({ isAsked }) => !isAsked)
    if (errand !== undefined) run(sign(world, errand))
  } else if (kind === 'deliver') {
    const [errand] = errands.splice(pick % Math.max(1, errands.length), 1)
    if (errand?.transaction !== undefined) run(post(errand.member.url, errand.transaction))
  } else if (kind === 'borrow') run(borrow(world, member))
  else if (kind === 'give-up') {
    const abort = new AbortController()
    run(borrow(world, member, abort.signal))
    run(until(afterBlocks(node, pick)).then(() => abort.abort(new Error('enough'))))
  } else if (kind === 'foreign') {
    ledger.disturbed()
    node.chain.intrude(outsider(node, 1 + (pick % copies)))
  } else if (kind === 'reset' || kind === 'lose-reply') world.faults.push(kind)
  else if (kind === 'deny') world.faults.push(denied)
  else if (kind === 'away') world.storeFaults.push(pick % 2 === 0 ? 'before' : 'after')
  else if (kind === 'crash' || kind === 'close') {
    if (kind === 'crash') member.crash()
    else await member.pool.close()
    alive.splice(alive.indexOf(member), 1)
    await mended(world, () => join(world))
  } else if (kind === 'join' && alive.length < 2) await mended(world, () => join(world))
  else if (kind === 'expire') node.chain.mine({ count: beyondExpiry, withhold: true })
  else await until(afterBlocks(node, waits[pick] ?? 0))
}

/** Nothing fails meanwhile: a pool that cannot be made has its own test. */
async function mended(world: World, run: () => Promise<void>): Promise<void> {
  world.faults = []
  world.storeFaults.length = 0
  world.storeLeaseMs = leaseMs
  await run()
}

/** Takes the steps, mends all, waits until all keys are free, and returns what is wrong. */
export async function runPoolModel(
  store: RelayStore,
  scenario: readonly PoolStep[],
): Promise<readonly string[]> {
  await using node = await startPoolChain({
    copies,
    execute: ({ cadence }) => (cadence === 'fail' ? '[Error Code: 1101] panic' : ''),
  })
  const world: World = {
    node,
    store,
    alive: [],
    errands: [],
    running: new Map(),
    ledger: createPoolLedger(node, leaseMs),
    dead: new Set(),
    storeFaults: [],
    storeLeaseMs: leaseMs,
    faults: [],
    started: 0,
  }
  node.setFault(({ client }) => (world.dead.has(client) ? 'reset' : world.faults.shift()))
  try {
    await join(world)
    for (const step of scenario) await take(world, step)
    return await settle(world)
  } finally {
    for (const one of world.alive) one.crash()
  }
}

const clientOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

async function settle(world: World): Promise<readonly string[]> {
  const { node, store, alive, ledger } = world
  const wrong: string[] = []
  const waitFor = (name: string, condition: () => boolean | Promise<boolean>) =>
    until(condition, 10_000).catch(() => wrong.push(`${name} after 10 s`))
  await mended(world, async () => undefined)
  if (alive.length === 0) await join(world)
  node.chain.mine({ count: beyondExpiry }) // what was never sent need not be waited for
  // One of a pool that has crashed may never hear of anything again.
  const isDone = () => [...world.running.values()].every(({ url }) => world.dead.has(clientOf(url)))
  await waitFor('a caller is not answered', isDone)
  const isIdle = ({ pool }: Member) => {
    const { leased, inFlight, waiting } = pool.stats()
    return leased + inFlight + waiting === 0
  }
  await waitFor('a pool is busy', () => alive.every(isIdle))
  const hasLanded = async () =>
    (await store.listKeys(address)).every(({ state }) => state !== 'in-flight')
  await waitFor('a key is in flight', hasLanded)
  await waitFor('the chain has not sealed', afterBlocks(node, 4))
  for (const { pool } of alive) {
    await borrowAll(pool) // leases of those who crashed come to an end
    await pool.refresh() // the numbers that somebody else used up are seen here
    wrong.push(...(await probe(world, pool)))
    wrong.push(...ledger.wrongCounts(pool))
  }
  for (const { keyIndex, sequenceNumber, state } of await store.listKeys(address)) {
    const onChain = ledger.numberOf(keyIndex)
    if (state !== 'free' || sequenceNumber !== onChain)
      wrong.push(`key ${keyIndex} is ${state} with ${sequenceNumber}; on chain it has ${onChain}`)
  }
  return [...wrong, ...ledger.wrong(), ...node.chain.conflicts]
}

async function leaseAll(pool: OpenPool): Promise<readonly ProposalKeyLease[]> {
  const lease = () => pool.lease({ signal: AbortSignal.timeout(5_000) })
  const given = await Promise.allSettled(Array.from({ length: copies }, lease))
  return given.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

async function borrowAll(pool: OpenPool): Promise<void> {
  for (const lease of await leaseAll(pool)) await lease.release()
}

/** Every key can be had, with the number that the chain has, in the order in which callers come. */
async function probe({ ledger }: World, pool: OpenPool): Promise<readonly string[]> {
  const lease = () => pool.lease({ signal: AbortSignal.timeout(5_000) })
  const leases = await leaseAll(pool)
  const wrong = leases.flatMap(({ keyIndex, sequenceNumber }) => {
    const onChain = ledger.numberOf(keyIndex)
    const text = `key ${keyIndex} is lent with ${sequenceNumber}; on chain it has ${onChain}`
    return sequenceNumber === onChain ? [] : [text]
  })
  const distinct = new Set(leases.map(({ keyIndex }) => keyIndex)).size
  if (distinct !== copies) wrong.push(`${distinct} of ${copies} keys can be had`)
  const callers = [0, 1, 2, 3, 4]
  const served: number[] = []
  const waiting = callers.map(async (caller) => {
    const next = await lease()
    served.push(caller)
    await next.release()
  })
  await Promise.all(leases.map((one) => one.release()))
  await Promise.allSettled(waiting)
  if (served.join() !== callers.join()) wrong.push(`served were ${served}, who came as ${callers}`)
  return wrong
}
