/** The leases that one pool has given out. @module */

import type { BlockFollower } from '../flow/block-follower.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { Books } from './books.ts'
import type { Flights } from './flights.ts'
import type { KnownKeys } from './known-keys.ts'
import { createLease, type PoolLease } from './lease.ts'
import type { PoolReport } from './report.ts'

/** Those that are neither committed nor over. */
export type Held = {
  readonly lend: (fact: LeaseFact, holder: string) => PoolLease
  /** Keeps the leases under this name: see `PoolLease`. */
  readonly renew: (holder: string, askedAt: number) => void
  readonly size: () => number
}

export function createHeld(options: {
  readonly leaseMs: number
  readonly follower: BlockFollower
  readonly keys: Pick<KnownKeys, 'since'>
  readonly books: Books
  readonly flights: Flights
  readonly report: (report: PoolReport) => void
  readonly signal: AbortSignal
}): Held {
  const { leaseMs, follower, keys, books, flights, report, signal } = options
  const held = new Set<PoolLease>()
  return {
    lend(fact, holder) {
      const { keyIndex } = fact
      const fromHeight = follower.stats().finalizedHeight ?? 0
      const times = { fromHeight, leaseMs, keysSince: keys.since() }
      const lease: PoolLease = createLease(fact, holder, times, {
        commit: async ({ transactionId = null, referenceBlockId }) => {
          signal.throwIfAborted()
          return books.commit({ ...fact, transactionId, referenceBlockId, leaseMs })
        },
        onCommitted({ transactionId, referenceBlockId }) {
          // The chain may have gone back since the lease; nothing was sent before now.
          const known = follower.stats().finalizedHeight ?? fromHeight
          flights.add({ lease: fact, transactionId, referenceBlockId, fromHeight: known })
        },
        giveBack: () => books.giveBack(fact),
        onAbandoned: () => report({ kind: 'abandoned', keyIndex }),
        onOver: () => held.delete(lease),
      })
      held.add(lease)
      return lease
    },
    renew(holder, askedAt) {
      for (const lease of held) if (lease.holder === holder) lease.renew(askedAt)
    },
    size: () => held.size,
  }
}
