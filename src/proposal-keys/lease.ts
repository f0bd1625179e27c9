/** One leased proposal key: held, committed to a transaction, or given back. @module */

import type { ProposalKeyLease } from '../authorizer/proposal-key-source.ts'
import { SignerError } from '../errors.ts'
import type { LeaseFact } from '../stores/store.ts'

/** A lease as the relay sees it, which stores its own commits. */
export type PoolLease = ProposalKeyLease & {
  readonly fact: LeaseFact
  /** The name under which the store has it. */
  readonly holder: string
  /** A finalized height that was known when the key was leased. */
  readonly fromHeight: number
  /**
   * Leaves the key to a caller who commits it in the store by a step of his own, and settles it there.
   *
   * @param step - Resolves to whether the lease was still held and is committed now. When it rejects
   * nobody knows, and the key is left as it is in the store.
   * @throws {SignerError} `LEASE_LOST`.
   */
  readonly handOver: (step: () => Promise<boolean>) => Promise<void>
  /**
   * The store was asked at this moment to keep what this process holds. A lease that had lapsed by
   * the answer stays lost: another may have it.
   *
   * @param askedAt - By `performance.now()`.
   */
  readonly renew: (askedAt: number) => void
}

/** What becomes of a lease. */
export type LeaseEnds = {
  /** @returns Whether the store still had the lease. */
  readonly commit: (flight: CommittedFlight) => Promise<boolean>
  readonly onCommitted: (flight: CommittedFlight) => void
  /** Gives the key back with the number it has; tried until it works. */
  readonly giveBack: () => Promise<void>
  /** Its time was over before it was committed. */
  readonly onAbandoned: () => void
  /** Told once, however it ends. */
  readonly onOver: () => void
}

/** What a commit tells. */
export type CommittedFlight = Parameters<ProposalKeyLease['commit']>[0]

/** @param times - `leaseMs`: milliseconds from now. */
export function createLease(
  fact: LeaseFact,
  holder: string,
  times: Pick<PoolLease, 'fromHeight' | 'keysSince'> & { readonly leaseMs: number },
  ends: LeaseEnds,
): PoolLease {
  const { fromHeight, leaseMs, keysSince } = times
  const { address, keyIndex, sequenceNumber } = fact
  let deadline = performance.now() + leaseMs
  let state: 'held' | 'committed' | 'over' = 'held'
  const end = (next: 'committed' | 'over') => {
    state = next
    clearTimeout(timer)
    ends.onOver()
  }
  const startTimer = () =>
    setTimeout(() => {
      ends.onAbandoned()
      void giveBack()
    }, deadline - performance.now()).unref()
  let timer = startTimer()

  async function giveBack(): Promise<void> {
    end('over')
    await ends.giveBack()
  }

  function assertHeld(): void {
    // Timers stand still with the process; the clock does not.
    if (state === 'held' && performance.now() < deadline) return
    throw new SignerError('LEASE_LOST', { address, keyIndex })
  }

  return Object.freeze({
    fact,
    holder,
    fromHeight,
    keyIndex,
    sequenceNumber,
    keysSince,
    assertHeld,
    async commit(flight) {
      assertHeld()
      end('committed')
      let held: boolean
      try {
        held = await ends.commit(flight)
      } catch (thrown) {
        state = 'over'
        void ends.giveBack() // no signature has left, so nothing can have been sent
        throw thrown
      }
      if (!held) {
        state = 'over'
        throw new SignerError('LEASE_LOST', { address, keyIndex })
      }
      ends.onCommitted(flight)
    },
    async release() {
      if (state === 'held') await giveBack()
    },
    async handOver(step) {
      assertHeld()
      end('committed')
      if (await step()) return
      state = 'over'
      void ends.giveBack() // what else was wrong, the key may still be ours
      throw new SignerError('LEASE_LOST', { address, keyIndex })
    },
    renew(askedAt) {
      if (state !== 'held' || performance.now() >= deadline) return
      deadline = askedAt + leaseMs
      clearTimeout(timer)
      timer = startTimer()
    },
  } satisfies PoolLease)
}
