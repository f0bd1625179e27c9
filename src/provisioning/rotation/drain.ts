/** Takes every proposal key of an account out of use, in all stores, and gives them back. @module */

import { setMaxListeners } from 'node:events'
import { pause } from '../../deadline.ts'
import { isSignerError } from '../../errors.ts'
import { createLoop } from '../../loop.ts'
import { createBoundedStore } from '../../stores/bounded-store.ts'
import type { ProposalKeyStore } from '../../stores/store.ts'
import { createHeldRows, type DrainKey, type HeldRows } from './held-rows.ts'

/** A row that somebody else uses, or may use. */
export type DrainWait = {
  /** Which of the pools, by its place in the list. */
  readonly store: number
  readonly keyIndex: number
  readonly state: 'free' | 'leased' | 'in-flight'
  /** Of what is in flight, 64 digits; null when it could not be computed. */
  readonly transactionId: string | null
  readonly referenceBlockId: string | null
}

/** Whether all rows are held, and else which are not. */
export type DrainOutcome =
  | { readonly held: true }
  | { readonly held: false; readonly waiting: readonly DrainWait[] }

/** Rows of one account, taken by one rotation. */
export type Drain = {
  /**
   * Asks all pools to begin nothing, and takes each row as soon as it is free. When the time is over
   * before all are taken, all are given back, and it can be called again: what is then in flight is
   * settled by the pool that sent it, or by any pool of this account once its holder is not heard of.
   * Without a running pool nobody does that: the outcome names the transactions.
   *
   * @throws {SignerError} The codes of the stores. `signal.reason` on abort; the rows are given back.
   */
  readonly acquire: (options: { readonly timeoutMs: number }) => Promise<DrainOutcome>
  /** Takes what is free at this moment and holds it for good; nobody is waited for. */
  readonly seize: () => Promise<DrainOutcome>
  /** Reads all rows. @returns Whether each is held at this moment, by the clock too. */
  readonly stillHeld: () => Promise<boolean>
  /**
   * What is leased is from here on held whatever becomes of this process, until `release`. Can be
   * called again. To be called before the first POST, which may go out only when it says `held`.
   */
  readonly makeDurable: () => Promise<DrainOutcome>
  /** Those of these keys, revoked by now, that are not held for good are not used again. */
  readonly retire: (keyIndexes: readonly number[]) => Promise<void>
  /**
   * Gives back these keys with the numbers that the chain has; without a list all of them with the
   * numbers that they had, when nothing was sent. What another process of this rotation held before it
   * was killed is given back as well.
   */
  readonly release: (keys?: readonly DrainKey[]) => Promise<void>
  /** Gives back what is not held for good. Never rejects: what stays lapses. */
  readonly close: () => Promise<void>
}

/** What `createDrain` takes. */
export type DrainOptions = {
  /**
   * Every store in which processes keep rows of the account, and its address there: `0x` and 16
   * lower-case digits.
   */
  readonly pools: readonly { readonly store: ProposalKeyStore; readonly address: string }[]
  /** Of the rotation. Rows that it holds are known by it after a kill. */
  readonly id: string
  /**
   * A weight-0 key of the new signer. No pool uses it before the swap, so its row can tell all pools
   * to begin nothing also where no other row comes free for long enough to be taken.
   */
  readonly flagKey?: DrainKey
  /** Copies of the old key on chain. Those that no store knows yet are taken too. */
  readonly copies?: readonly DrainKey[]
  /** Milliseconds that a lease lasts when this process is not heard of. Default 15,000. */
  readonly leaseMs?: number
  /** Milliseconds between two looks. Default 100. */
  readonly pollMs?: number
  /** Milliseconds for each step of a store. Default 10,000. */
  readonly storeTimeoutMs?: number
  /** Ends `acquire`. */
  readonly signal?: AbortSignal
}

/** Leases are kept so many times while one would last. */
const BEATS = 3

export function createDrain(options: DrainOptions): Drain {
  const { id, copies = [], flagKey } = options
  const { leaseMs = 15_000, pollMs = 100, storeTimeoutMs: timeoutMs = 10_000 } = options
  const { signal = new AbortController().signal } = options
  setMaxListeners(0, signal)
  const all = options.pools.map(({ store: given, address }) => {
    const store = createBoundedStore(given, { timeoutMs })
    return createHeldRows({ store, address, id, leaseMs, flagKey })
  })
  const each = async (step: (rows: HeldRows) => Promise<unknown>) => {
    const done = await Promise.allSettled(all.map(step))
    for (const one of done) if (one.status === 'rejected') throw one.reason
  }

  const beats = createLoop({
    isBackground: true,
    async turn() {
      await each((rows) => rows.extend())
      return leaseMs / BEATS
    },
    onFailure: () => leaseMs / BEATS / BEATS, // by the clock they lapse, and are then not held
  })

  async function look(): Promise<DrainOutcome> {
    const lists = await Promise.all(all.map((rows) => rows.others()))
    const waiting = lists.flatMap((rows, store) =>
      rows.map(({ keyIndex, state, transactionId, referenceBlockId }): DrainWait => {
        const facts = { transactionId, referenceBlockId }
        return { store, keyIndex, state: state === 'quarantined' ? 'free' : state, ...facts }
      }),
    )
    return waiting.length === 0 ? { held: true } : { held: false, waiting }
  }

  async function begin(): Promise<void> {
    if (copies.length > 0) await each((rows) => rows.enroll(copies))
    beats.start()
  }

  /** One look after the other until all is held or the time is over. */
  async function collect(forMs: number): Promise<DrainOutcome> {
    const deadline = performance.now() + forMs
    const unflagged = new Set(all)
    for (;;) {
      const isLast = performance.now() >= deadline
      try {
        // For as long as the rows are collected, and until they are held for good.
        const flagMs = Math.max(0, deadline - performance.now()) + leaseMs
        for (const rows of [...unflagged]) if (await rows.flag(flagMs)) unflagged.delete(rows)
        await each((rows) => rows.lease())
        const outcome = await look()
        if (outcome.held || isLast) return outcome
      } catch (thrown) {
        if (isLast || !isSignerError(thrown, 'STORE_UNAVAILABLE')) throw thrown
      }
      await pause(Math.min(pollMs, Math.max(1, deadline - performance.now())), signal)
    }
  }

  const drain: Drain = {
    async acquire({ timeoutMs: forMs }) {
      signal.throwIfAborted()
      try {
        await begin()
        const outcome = await collect(forMs)
        if (!outcome.held) await drain.release()
        return outcome
      } catch (thrown) {
        await drain.release().catch(() => undefined) // what stays lapses
        throw thrown
      }
    },
    async seize() {
      signal.throwIfAborted()
      await begin()
      await each((rows) => rows.lease())
      return drain.makeDurable()
    },
    stillHeld: async () => (await look()).held,
    async makeDurable() {
      await each((rows) => rows.makeDurable())
      return look()
    },
    retire: (keyIndexes) => each((rows) => rows.retire(new Set(keyIndexes))),
    release: (keys) => each((rows) => rows.giveBack(keys)),
    async close() {
      beats.stop()
      await each((rows) => rows.letGo()).catch(() => undefined)
    },
  }
  return Object.freeze(drain)
}
