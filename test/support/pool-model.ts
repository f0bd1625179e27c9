/** Pools on one store and a simulated chain under random orders of steps, and what must be true. @module */

import fc from 'fast-check'
import type { RelayStore } from '../../src/stores/index.ts'
import { post } from './fcl-player.ts'
import {
  borrow,
  copies,
  join,
  leaseMs,
  mended,
  resolve,
  send,
  sign,
  type World,
} from './pool-errands.ts'
import { createPoolLedger } from './pool-ledger.ts'
import { beyondExpiry, settle } from './pool-settling.ts'
import { afterBlocks, outsider, startPoolChain } from './pool-world.ts'
import { until } from './until.ts'

/**
 * One step; what `pick` chooses is in the world, so that every list of steps makes sense.
 * - `send`, `fail`: a transaction, sent at once; the latter fails in Cadence.
 * - `slow`: one that is signed some blocks after it was resolved. `late`: one that is sent some
 *   blocks after it was signed. `unsent`: one that never is.
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
  ...(['send', 'send', 'send', 'send', 'fail', 'slow', 'slow', 'late', 'late', 'unsent'] as const),
  ...(['resolve', 'resolve', 'sign', 'deliver', 'wait', 'wait', 'wait', 'borrow'] as const),
  ...(['give-up', 'foreign', 'reset', 'lose-reply', 'deny', 'away', 'hasty', 'hasty'] as const),
  ...(['crash', 'close', 'join', 'expire'] as const),
]

export const poolSteps: fc.Arbitrary<readonly PoolStep[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(5) }),
  { minLength: 4, maxLength: 24 },
)

/** Blocks; the last takes longer than a lease, and a transaction that was never sent is over by it. */
const waits = [0, 1, 2, 4, 12, 40]
const denied = { status: 500, body: { code: 500, message: 'out of order' } } as const

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
  const blocks = waits[pick] ?? 0
  if (kind === 'send' || kind === 'fail') run(send(world, member, kind, { toPost: 0 }))
  else if (kind === 'slow') run(send(world, member, kind, { toSign: 4 * pick, toPost: 0 }))
  else if (kind === 'late') run(send(world, member, kind, { toPost: blocks }))
  else if (kind === 'unsent') run(send(world, member, kind))
  else if (kind === 'hasty') {
    ledger.hastened()
    world.storeLeaseMs = 1 + 10 * pick
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
  else await until(afterBlocks(node, blocks))
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
