/** Pools and relays go on, with the new keys. @module */

import { accountNow } from '../world.ts'
import { drainOf } from './hold.ts'
import type { Step } from './step.ts'

/** Keys in one step of a store. */
const MAX_STEP = 500

export const resume: Step = async (world) => {
  const { pools, progress } = world
  if (pools.length === 0) return { kind: 'done', text: 'There is no pool to go on.' }
  const { keys } = await accountNow(world)
  const { newKey, plan } = progress.current()
  const gone = keys.filter(({ revoked, publicKey }) => revoked && publicKey === plan.old.publicKey)
  const standing = keys.filter(({ revoked }) => !revoked)
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
  return {
    kind: 'done',
    text: `Pools and relays go on with ${fresh.length} copies of the new key.`,
    changes: { heldStores: undefined },
  }
}
