/** What a relay does by the clock: says that it lives, takes over, and forgets what is old. @module */

import { codeOf } from '../errors.ts'
import { createLoop, type Loop } from '../loop.ts'
import type { RelayCore } from './core.ts'

/** Says that this process lives, so many times while a lease would last. */
const BEATS = 3
/** Final jobs are looked for that often, in milliseconds. */
const PRUNE_MS = 3_600_000
/** Between two portions of them: others want the database as well. */
const PORTION_MS = 250
/** After a failure. */
const PRUNE_AGAIN_MS = 60_000

/** Begins at once, and stops when it is told to. */
export type Upkeep = { readonly stop: () => void }

/** What the upkeep needs of a relay. */
export type UpkeepCore = Pick<RelayCore, 'address' | 'tell' | 'signal'> & {
  readonly store: Pick<RelayCore['store'], 'extend' | 'prune'>
  readonly pool: Pick<RelayCore['pool'], 'holder' | 'renew'>
  readonly settings: Pick<RelayCore['settings'], 'leaseMs' | 'retentionMs'>
}

/** @param adopt - Takes over what is not heard of any more. */
export function startUpkeep(core: UpkeepCore, adopt: () => Promise<void>): Upkeep {
  const { address, store, pool, tell, settings, signal } = core
  const { leaseMs, retentionMs } = settings
  const beatMs = leaseMs / BEATS

  const told = (where: string, againMs: number) => (thrown: unknown) => {
    if (!signal.aborted) tell({ kind: 'trouble', code: codeOf(thrown), where })
    return againMs
  }
  // A beat that is not answered is waited for, so that they do not pile up before a store that stands
  // still. What it kept counts from when it was asked: the store's own clock ran on meanwhile.
  const beats = createLoop({
    async turn() {
      const askedAt = performance.now()
      const name = pool.holder.current()
      await store.extend(name, leaseMs)
      pool.renew(name, askedAt)
      await adopt()
      return Math.max(1, askedAt + beatMs - performance.now())
    },
    onFailure: told('beat', beatMs),
  })
  const prunes = createLoop({
    async turn() {
      const count = await store.prune(address, retentionMs)
      return count > 0 ? PORTION_MS : PRUNE_MS
    },
    onFailure: told('prune', PRUNE_AGAIN_MS),
  })
  const loops: readonly Loop[] = Number.isFinite(retentionMs) ? [beats, prunes] : [beats]
  for (const loop of loops) loop.start()
  return Object.freeze({
    stop() {
      for (const loop of loops) loop.stop()
    },
  })
}
