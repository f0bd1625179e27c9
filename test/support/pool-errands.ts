/** Pools of one store and chain, and the transactions that their callers send. @module */

import type { Transaction } from '../../src/crypto/transaction.ts'
import type { ProposalKeyLease } from '../../src/proposal-keys/index.ts'
import type { RelayStore } from '../../src/stores/index.ts'
import { crashable } from './crashable-store.ts'
import { playRoles, post, type Resolved } from './fcl-player.ts'
import type { PoolLedger } from './pool-ledger.ts'
import { afterBlocks, latestBlockId, type OpenPool, openPool } from './pool-world.ts'
import type { NodeFault, SimulatedNode } from './simulated-node.ts'
import { until } from './until.ts'

/** Copies on the account; the fewer, the more they are fought over. */
export const copies = 2
/** Of every pool. */
export const leaseMs = 300

/** One pool as a process of its own. */
export type Member = { readonly pool: OpenPool; readonly url: string; readonly crash: () => void }

/** A signed or unsigned transaction on its way through FCL. */
export type Errand = {
  readonly member: Member
  readonly resolved: Resolved
  isAsked: boolean
  transaction?: Transaction
}

/** All that the steps act on. */
export type World = {
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

export async function join(world: World): Promise<void> {
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
export async function resolve(world: World, member: Member, cadence: string): Promise<Errand> {
  const asked = performance.now()
  const resolved = await playRoles(member.pool.authz, cadence)
  const errand = { member, resolved, isAsked: false }
  world.ledger.lent(resolved, asked)
  return errand
}

export async function sign(world: World, errand: Errand): Promise<void> {
  const { resolved } = errand
  errand.isAsked = true
  try {
    errand.transaction = await resolved.sign(latestBlockId(world.node))
    world.ledger.signed(errand.transaction)
  } finally {
    world.ledger.ended(resolved)
  }
}

/** @param blocks - Before it is signed, and before it is sent; it never is when `toPost` is absent. */
export async function send(
  world: World,
  member: Member,
  cadence: string,
  blocks: { readonly toSign?: number; readonly toPost?: number } = {},
): Promise<void> {
  const { toSign = 0, toPost } = blocks
  const errand = await resolve(world, member, cadence)
  if (toSign > 0) await until(afterBlocks(world.node, toSign))
  await sign(world, errand)
  if (toPost === undefined) return
  if (toPost > 0) await until(afterBlocks(world.node, toPost))
  if (errand.transaction !== undefined) await post(member.url, errand.transaction)
}

export async function borrow(world: World, { pool }: Member, signal?: AbortSignal): Promise<void> {
  const asked = performance.now()
  const lease: ProposalKeyLease = await pool.lease(signal === undefined ? {} : { signal })
  world.ledger.lent(lease, asked)
  world.ledger.ended(lease)
  await lease.release()
}

/** Nothing fails meanwhile: a pool that cannot be made has its own test. */
export async function mended(world: World, run: () => Promise<void>): Promise<void> {
  world.faults = []
  world.storeFaults.length = 0
  world.storeLeaseMs = leaseMs
  await run()
}
