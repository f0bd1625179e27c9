/** A pool of proposal keys: one transaction in flight for each, and callers that wait their turn. @module */

import { setMaxListeners } from 'node:events'
import type { Engine } from '../authorizer/engine.ts'
import { codeOf, SignerError } from '../errors.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { ProposalKeyStore } from '../stores/store.ts'
import { createAside } from './aside.ts'
import { createBooks } from './books.ts'
import { createChecking } from './checking.ts'
import { createFlights } from './flights.ts'
import { createHeld } from './held.ts'
import { createHolder, type Holder } from './holder.ts'
import { createKnownKeys } from './known-keys.ts'
import type { PoolLease } from './lease.ts'
import { createLending } from './lending.ts'
import type { PoolSettings } from './options.ts'
import { createTally, type PoolReport, type PoolStats } from './report.ts'
import { neverTaken } from './send-failure.ts'
import { createSettling } from './settling.ts'

/** The parts that a pool is made of. */
export type PoolParts = {
  readonly engine: Engine
  readonly node: () => Promise<NodeConnection>
  readonly store: ProposalKeyStore
  readonly follower: BlockFollower
  readonly settings: PoolSettings
  readonly onReport: ((report: PoolReport) => void) | undefined
}

/** The pool as the relay uses it. */
export type Pool = {
  readonly holder: Holder
  readonly lease: (options?: { readonly signal?: AbortSignal }) => Promise<PoolLease>
  /** Tells that a key was settled in the store by somebody else than the pool. */
  readonly noteFreed: () => void
  /** Keeps the leases that are held under this name: see `PoolLease`. */
  readonly renew: (name: string, askedAt: number) => void
  readonly refresh: () => Promise<number>
  /** See `ProposalKeyPool`. */
  readonly noteFailure: (thrown: unknown) => boolean
  readonly stats: () => PoolStats
  readonly close: () => Promise<void>
}

/** Reads the account, enrols its copies and takes over what a process that is gone left in flight. */
export async function createPool(parts: PoolParts): Promise<Pool> {
  const { engine, node, store, follower, settings } = parts
  const { address, leaseMs } = settings
  const holder = createHolder()
  const closing = new AbortController()
  const { signal } = closing
  setMaxListeners(0, signal) // as many as there are transactions
  const tally = createTally(parts.onReport)
  const { report, countResync: onResync } = tally
  const onTrouble = (thrown: unknown) => report({ kind: 'trouble', errorCode: codeOf(thrown) })
  const onFreed = () => lending.noteFreed()
  const books = createBooks({ store, report, onFreed, onTrouble, signal })
  const keys = createKnownKeys({ engine, node, store, address, report, signal })
  const aside = createAside({ keys, books, report, signal })
  const settle = createSettling({ engine, books, report, onFreed })
  const { transactionExpiry } = settings
  const watching = { node, follower, transactionExpiry, lacksKey: keys.lacks }
  const watch = { ...watching, settle, report, onResync, signal }
  const flights = createFlights({ address, holder, leaseMs, store, watch })
  const held = createHeld({ leaseMs, follower, keys, books, flights, report, signal })
  const lending = createLending({
    settings,
    holder,
    store,
    follower,
    keys,
    checked: createChecking({ node, keys, books, aside, report, onResync, signal }),
    lend(fact, name) {
      tally.countLease()
      return held.lend(fact, name)
    },
    onTrouble,
    signal,
  })
  const stopBackwards = follower.onBackwards(({ height }) => {
    report({ kind: 'went-backwards', height })
    keys.suspectAll()
    flights.recheck()
  })

  function end(reason: unknown): void {
    closing.abort(reason)
    stopBackwards()
    flights.close()
    lending.close(reason)
  }

  try {
    await keys.refresh()
    await flights.start()
  } catch (thrown) {
    end(thrown) // or it would go on taking flights over
    throw thrown
  }

  return {
    holder,
    noteFreed: lending.noteFreed,
    refresh: keys.refresh,
    noteFailure(thrown) {
      const id = neverTaken(thrown)
      return id !== undefined && flights.refuse(id)
    },
    renew: held.renew,
    lease: ({ signal: given } = {}) => lending.lease(given),
    stats: () => ({
      ...tally.counts(),
      keys: keys.size(),
      leased: held.size(),
      inFlight: flights.size(),
      waiting: lending.waiting(),
      waitedMs: Math.round(lending.waitedMs()),
    }),
    async close() {
      if (signal.aborted) return
      end(new SignerError('POOL_CLOSED', { address }))
    },
  }
}
