/** The end of a run: all is mended, and every key must be free and have the number of the chain. @module */

import type { ProposalKeyLease } from '../../src/proposal-keys/index.ts'
import { copies, join, type Member, mended, type World } from './pool-errands.ts'
import { address, afterBlocks, expiry, type OpenPool } from './pool-world.ts'
import { until } from './until.ts'

/** After so many blocks each pool has given up what nobody sent. */
export const beyondExpiry: number = expiry + 100
/**
 * With each look at what is waited for: callers stand in line behind transactions that nobody sends,
 * two at a time, and blocks that only a timer makes are few on a busy machine.
 */
const BLOCKS_PER_LOOK = 5
/** Of any one wait, in milliseconds: reached by what would never come, whatever the machine does. */
const LIMIT_MS = 120_000

const clientOf = (url: string) => url.slice(url.lastIndexOf('/') + 1)

/** Waits for what is under way, and returns what is wrong. */
export async function settle(world: World): Promise<readonly string[]> {
  const { node, store, alive, ledger } = world
  const wrong: string[] = []
  async function waitFor(name: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const look = async () => {
      if (await condition()) return true
      node.chain.mine({ count: BLOCKS_PER_LOOK })
      return false
    }
    await until(look, LIMIT_MS).catch(() => wrong.push(`${name} after ${LIMIT_MS / 1_000} s`))
  }
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
  const lease = () => pool.lease({ signal: AbortSignal.timeout(LIMIT_MS) })
  const given = await Promise.allSettled(Array.from({ length: copies }, lease))
  return given.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

async function borrowAll(pool: OpenPool): Promise<void> {
  for (const lease of await leaseAll(pool)) await lease.release()
}

/** Every key can be had, with the number that the chain has, in the order in which callers come. */
async function probe({ ledger }: World, pool: OpenPool): Promise<readonly string[]> {
  const lease = () => pool.lease({ signal: AbortSignal.timeout(LIMIT_MS) })
  let leases = await leaseAll(pool)
  const areAll = () => new Set(leases.map(({ keyIndex }) => keyIndex)).size === copies
  const all = until(async () => {
    if (areAll()) return true
    // On a busy machine the first is over, and lent once more, before the last is lent.
    await Promise.all(leases.map((one) => one.release()))
    leases = await leaseAll(pool)
    return areAll()
  }, LIMIT_MS)
  await all.catch(() => undefined)
  const wrong = leases.flatMap(({ keyIndex, sequenceNumber }) => {
    const onChain = ledger.numberOf(keyIndex)
    const text = `key ${keyIndex} is lent with ${sequenceNumber}; on chain it has ${onChain}`
    return sequenceNumber === onChain ? [] : [text]
  })
  if (!areAll())
    wrong.push(`of ${copies} keys ${leases.map(({ keyIndex }) => keyIndex)} can be had`)
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
