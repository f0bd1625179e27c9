/** A pool of proposal keys: one transaction in flight for each, and callers that wait their turn. @module */

import { setMaxListeners } from 'node:events'
import type { Engine } from '../authorizer/engine.ts'
import { abortable, pause } from '../deadline.ts'
import { codeOf, SignerError } from '../errors.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { LeaseFact, ProposalKeyStore } from '../stores/store.ts'
import { createChecking } from './checking.ts'
import { coalesce } from './coalesce.ts'
import { findCopies } from './copies.ts'
import type { Settlement } from './flight.ts'
import { createFlights } from './flights.ts'
import { createHolder, type Holder } from './holder.ts'
import { createLease, type PoolLease } from './lease.ts'
import type { PoolSettings } from './options.ts'
import { createTally, type PoolReport, type PoolStats } from './report.ts'
import { createWaitingLine } from './waiting-line.ts'

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
  readonly stats: () => PoolStats
  readonly close: () => Promise<void>
}

/** Commits and settlements of so many keys go into one step of the store. */
const MAX_STEP = 500
/** How often another process may have freed a key, in milliseconds. */
const LOOK_AGAIN_MS = 200

/** Reads the account, enrols its copies and takes over what a process that is gone left in flight. */
export async function createPool(parts: PoolParts): Promise<Pool> {
  const { engine, node, store, follower, settings } = parts
  const { address, leaseMs } = settings
  const holder = createHolder()
  const closing = new AbortController()
  const { signal } = closing
  setMaxListeners(0, signal) // as many as there are transactions
  const tally = createTally(parts.onReport)
  const { report } = tally
  const line = createWaitingLine<PoolLease>({
    maxWaiting: settings.maxWaiting,
    timeoutMs: settings.waitMs,
    busy: (facts) => new SignerError('PROPOSAL_KEYS_BUSY', { address, ...facts }),
  })
  let copies: ReadonlySet<number> = new Set()
  /** Keys whose number on chain may not be the one in the store. */
  const suspects = new Set<number>()
  const held = new Set<PoolLease>()
  let pumping = false
  /** Whether a key came free since the store was asked last. */
  let freed = false
  let wakePump: () => void = () => undefined

  const commit = coalesce(store.commitLeases, MAX_STEP)
  const settleInStore = coalesce(store.settleLeases, MAX_STEP)
  const trouble = (thrown: unknown) => report({ kind: 'trouble', errorCode: codeOf(thrown) })

  async function settle(lease: LeaseFact, settlement: Settlement): Promise<void> {
    const { keyIndex, fence } = lease
    const { nextSequenceNumber, quarantine, outcome } = settlement
    const kept = await settleInStore({
      address,
      keyIndex,
      fence,
      nextSequenceNumber,
      ...(quarantine === undefined ? {} : { quarantine }),
    })
    if (!kept) report({ kind: 'lost', keyIndex })
    else if (quarantine !== undefined) report({ kind: 'quarantined', keyIndex })
    if (kept) report({ kind: 'settled', keyIndex, outcome })
    // Keys may have been added or revoked: the next use reads them again.
    if (outcome === 'refused') engine.directory.forget(address)
    noteFreed()
  }

  /** Whatever happens to the store meanwhile: the key comes back, or another process takes it. */
  async function giveBack({ keyIndex, fence, sequenceNumber }: LeaseFact): Promise<void> {
    for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
      try {
        const settlement = { address, keyIndex, fence, nextSequenceNumber: sequenceNumber }
        await settleInStore(settlement)
        return noteFreed()
      } catch (thrown) {
        trouble(thrown)
        await pause(pauseMs, signal).catch(() => undefined)
        if (signal.aborted) return // its time runs out in the store
      }
    }
  }

  const flights = createFlights({
    address,
    holder,
    leaseMs,
    store,
    watch: {
      node,
      follower,
      transactionExpiry: settings.transactionExpiry,
      settle,
      report,
      onResync: tally.countResync,
      signal,
    },
  })

  const checked = createChecking({
    node,
    isCopy: async (keyIndex) => {
      if (!copies.has(keyIndex)) await refresh() // it may have been added by another process
      return copies.has(keyIndex)
    },
    suspects,
    settle: settleInStore,
    giveBack,
    report,
    onResync: tally.countResync,
    signal,
  })

  function lend(fact: LeaseFact, name: string): PoolLease {
    const { keyIndex } = fact
    const fromHeight = follower.stats().finalizedHeight ?? 0
    const lease: PoolLease = createLease(fact, name, fromHeight, leaseMs, {
      commit: async ({ transactionId = null, referenceBlockId }) => {
        signal.throwIfAborted()
        return commit({ ...fact, transactionId, referenceBlockId, leaseMs })
      },
      onCommitted({ transactionId, referenceBlockId }) {
        // The chain may have gone back since the lease; nothing was sent before now.
        const known = follower.stats().finalizedHeight ?? fromHeight
        const flight = { lease: fact, transactionId, referenceBlockId, fromHeight: known }
        flights.add(flight)
      },
      giveBack: () => giveBack(fact),
      onAbandoned: () => report({ kind: 'abandoned', keyIndex }),
      onOver: () => held.delete(lease),
    })
    held.add(lease)
    return lease
  }

  /** Lends keys to those in line, as many as there are at a time. */
  async function pump(): Promise<void> {
    while (line.length() > 0 && !signal.aborted) {
      const count = Math.min(line.length(), copies.size)
      freed = false
      const { facts, name } = await holder.take(async (name) => ({
        facts: await store.leaseKeys({ address, count, holder: name, leaseMs }),
        name,
      }))
      let lent = 0
      for (const fact of await checked(facts)) {
        const lease = lend(fact, name)
        lent += 1
        tally.countLease()
        if (!line.serve(lease)) await lease.release()
      }
      if (facts.length < count && lent < count) await nextFreed()
    }
  }

  /** A key may come free here, which is told, or in another process, which is not. */
  async function nextFreed(): Promise<void> {
    if (freed) return
    const timer = setTimeout(() => wakePump(), LOOK_AGAIN_MS)
    await new Promise<void>((resolve) => {
      wakePump = resolve
    })
    clearTimeout(timer)
  }

  function noteFreed(): void {
    freed = true
    wakePump()
    startPump()
  }

  function startPump(): void {
    if (pumping || line.length() === 0 || signal.aborted) return
    pumping = true
    void pump()
      .catch(async (thrown: unknown) => {
        trouble(thrown)
        await pause(LOOK_AGAIN_MS, signal).catch(() => undefined)
      })
      .finally(() => {
        pumping = false
        startPump()
      })
  }

  async function refresh(): Promise<number> {
    const found = await findCopies(engine, await node(), address, signal)
    await store.enrollKeys(address, found)
    const known = new Map(
      (await store.listKeys(address)).map((row) => [row.keyIndex, row] as const),
    )
    for (const { keyIndex, sequenceNumber } of found) {
      const row = known.get(keyIndex)
      if (row !== undefined && row.state !== 'in-flight' && row.sequenceNumber !== sequenceNumber)
        suspects.add(keyIndex)
    }
    copies = new Set(found.map(({ keyIndex }) => keyIndex))
    return copies.size
  }

  const stopBackwards = follower.onBackwards(({ height }) => {
    report({ kind: 'went-backwards', height })
    for (const keyIndex of copies) suspects.add(keyIndex)
    flights.recheck()
  })

  function end(reason: unknown): void {
    closing.abort(reason)
    stopBackwards()
    flights.close()
    line.clear(reason)
    wakePump()
  }

  try {
    await refresh()
    await flights.adopt()
  } catch (thrown) {
    end(thrown) // or it would go on taking flights over
    throw thrown
  }

  return {
    holder,
    noteFreed,
    refresh,
    renew(name, askedAt) {
      for (const lease of held) if (lease.holder === name) lease.renew(askedAt)
    },
    async lease(options = {}) {
      signal.throwIfAborted()
      await abortable(follower.wake(options.signal), signal) // a height is known before anything is sent
      signal.throwIfAborted()
      const waiting = line.wait(options.signal)
      startPump()
      return waiting
    },
    stats: () => ({
      ...tally.counts(),
      keys: copies.size,
      leased: held.size,
      inFlight: flights.size(),
      waiting: line.length(),
      waitedMs: Math.round(line.waitedMs()),
    }),
    async close() {
      if (signal.aborted) return
      end(new SignerError('POOL_CLOSED', { address }))
    },
  }
}
