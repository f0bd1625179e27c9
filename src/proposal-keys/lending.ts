/** Lends keys to callers who wait their turn. @module */

import { abortable } from '../deadline.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import { createLoop } from '../loop.ts'
import type { LeaseFact, ProposalKeyStore } from '../stores/store.ts'
import type { Holder } from './holder.ts'
import type { KnownKeys } from './known-keys.ts'
import type { PoolLease } from './lease.ts'
import type { PoolSettings } from './options.ts'
import { createWaitingLine } from './waiting-line.ts'

/** The counter of a pool. */
export type Lending = {
  /**
   * Rejects with the signal's reason, `PROPOSAL_KEYS_BUSY` or the reason of `close`; when no key is
   * left in the store, with what reading the account anew rejects with: `NO_PROPOSAL_KEYS`,
   * `KEY_ROTATED`.
   */
  readonly lease: (signal?: AbortSignal) => Promise<PoolLease>
  /** A key has come free. */
  readonly noteFreed: () => void
  readonly waiting: () => number
  /** Milliseconds that the first in line has waited. */
  readonly waitedMs: () => number
  readonly close: (reason: unknown) => void
}

/** How often it is asked whether a key is left, in milliseconds, while none comes free. */
const LOOK_FOR_KEYS_MS = 2_000
/** How often another process may have freed a key, in milliseconds: that is told to nobody here. */
const LOOK_AGAIN_MS = 200
/** How often it is looked whether a rotation still has the keys, in milliseconds. */
const LOOK_HELD_MS = 500
/**
 * Keys that nobody asked for so long, in milliseconds, may have been swapped meanwhile. Who asks more
 * often meets the rotation: it has all keys for longer.
 */
const IDLE_MS = 500
/** How often a pool whose key was rotated reads the account again, in milliseconds. */
const LOOK_ROTATED_MS = 5_000

export function createLending(options: {
  readonly settings: PoolSettings
  readonly holder: Holder
  readonly store: ProposalKeyStore
  readonly follower: BlockFollower
  readonly keys: KnownKeys
  /** Those of the keys that can be lent. */
  readonly checked: (facts: readonly LeaseFact[]) => Promise<readonly LeaseFact[]>
  readonly lend: (fact: LeaseFact, holder: string) => PoolLease
  readonly onTrouble: (thrown: unknown) => void
  readonly signal: AbortSignal
}): Lending {
  const { settings, holder, store, follower, keys, signal } = options
  const { address, leaseMs } = settings
  const line = createWaitingLine<PoolLease>({
    maxWaiting: settings.maxWaiting,
    timeoutMs: settings.waitMs,
    busy: (facts) => new SignerError('PROPOSAL_KEYS_BUSY', { address, ...facts }),
  })

  let lookAt = Number.NEGATIVE_INFINITY
  let rotatedLookAt = Number.NEGATIVE_INFINITY
  let servedAt = Number.NEGATIVE_INFINITY

  /** Nobody waits for a key that can never come free; a copy that was added is found. */
  async function lookForKeys(): Promise<void> {
    if (performance.now() < lookAt) return
    lookAt = performance.now() + LOOK_FOR_KEYS_MS
    if ((await keys.look()) !== 'none') return
    try {
      await keys.refresh()
    } catch (thrown) {
      line.clear(thrown)
      throw thrown
    }
  }

  /** Whether a key may be lent: not while a rotation has them, nor when it left none for us. */
  async function mayLend(): Promise<boolean> {
    const rotated = keys.rotated()
    if (rotated !== undefined) {
      if (performance.now() < rotatedLookAt) throw rotated
      rotatedLookAt = performance.now() + LOOK_ROTATED_MS
      await keys.refresh()
    }
    const isIdle = keys.signsWithSeveral() && performance.now() > servedAt + IDLE_MS
    return !(isIdle || keys.isHeld()) || (await keys.look()) !== 'held'
  }

  /** As many keys as callers, or as there are. @returns Whether the store had so many. */
  async function serve(): Promise<boolean> {
    servedAt = performance.now()
    const count = Math.min(line.length(), keys.size())
    const { facts, name } = await holder.take(async (name) => ({
      facts: await store.leaseKeys({ address, count, holder: name, leaseMs }),
      name,
    }))
    for (const fact of await options.checked(facts)) {
      const lease = options.lend(fact, name)
      if (!line.serve(lease)) await lease.release()
    }
    const rotated = keys.rotated()
    if (rotated !== undefined) throw rotated
    return facts.length === count
  }

  async function turn(): Promise<number | undefined> {
    if (line.length() === 0) return undefined
    if (!(await mayLend())) return LOOK_HELD_MS
    if (await serve()) return 0
    await lookForKeys()
    return keys.isHeld() ? LOOK_HELD_MS : LOOK_AGAIN_MS
  }

  const loop = createLoop({
    async turn() {
      try {
        return await turn()
      } catch (thrown) {
        if (!isSignerError(thrown, 'KEY_ROTATED')) throw thrown
        line.clear(thrown)
        return undefined // the next who comes wakes it
      }
    },
    onFailure(thrown) {
      options.onTrouble(thrown)
      return LOOK_AGAIN_MS
    },
    isNeeded: () => !signal.aborted,
  })
  loop.start()

  return {
    async lease(given) {
      signal.throwIfAborted()
      await abortable(follower.wake(given), signal) // a height is known before anything is sent
      signal.throwIfAborted()
      const waiting = line.wait(given)
      if (line.length() === 1) loop.wake() // those behind the first are seen with it
      return waiting
    },
    noteFreed: loop.wake,
    waiting: line.length,
    waitedMs: line.waitedMs,
    close(reason) {
      loop.stop()
      line.clear(reason)
    },
  }
}
