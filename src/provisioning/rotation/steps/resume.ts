/** Pools and relays go on, with the new keys. @module */

import { accountNow, type World } from '../world.ts'
import { drainOf } from './hold.ts'
import type { Step } from './step.ts'

/** Keys in one step of a store. */
const MAX_STEP = 500

export const resume: Step = async (world) => {
  if (world.pools.length === 0) return { kind: 'done', text: 'There is no pool to go on.' }
  const count = await goOnWithPools(world)
  return {
    kind: 'done',
    text: `Pools and relays go on with ${count} copies of the new key.`,
    changes: { heldStores: undefined },
  }
}

/**
 * Can be run again. Copies of the old key that are not revoked yet stay held.
 *
 * @returns How many copies the new key has.
 */
export async function goOnWithPools(world: World): Promise<number> {
  const { pools, progress } = world
  if (pools.length === 0) return 0
  const { keys } = await accountNow(world)
  const { newKey, plan } = progress.current()
  const isOld = ({ publicKey }: (typeof keys)[number]) => publicKey === plan.old.publicKey
  const gone = keys.filter((key) => key.revoked && isOld(key))
  const standing = keys.filter((key) => !key.revoked && !isOld(key))
  const fresh = standing.filter(
    ({ publicKey, weight }) => publicKey === newKey?.publicKey && weight === 0,
  )
  const numbers = (list: typeof keys) =>
    list.map(({ index: keyIndex, sequenceNumber }) => ({ keyIndex, sequenceNumber }))
  const drain = await drainOf(world)
  await drain.retire(gone.map(({ index }) => index))
  for (const { store, address } of pools)
    for (let start = 0; start < fresh.length; start += MAX_STEP)
      await store.enrollKeys(address, numbers(fresh.slice(start, start + MAX_STEP)))
  await drain.release(numbers(standing))
  return fresh.length
}
