/** What a pool tells of its keys. @module */

import { tellObserver } from '../observers.ts'

/**
 * - `settled`: the chain freed a key. `executed`: its transaction did, with or without an error in
 *   Cadence. `refused`: the chain refused it before it executed. `expired`: no block took it in time.
 *   `moved`: its sequence number was used without our seeing the transaction.
 * - `drifted`: the chain has another sequence number than the pool had: somebody else uses the key.
 * - `quarantined`: the key is revoked, or the account has no such copy: it is not used again.
 * - `went-backwards`: the chain lost blocks (an emulator was restarted or rolled back).
 * - `adopted`: transactions of a process that is gone are followed by this one.
 * - `lost`: another process took the key over while this one was not heard of.
 * - `abandoned`: a lease was over before anything was signed with it.
 * - `rotating`: a rotation has all keys; callers wait until their keys were swapped.
 * - `rotated`: the key was swapped for one that no signer here holds: this pool lends nothing more.
 * - `unseen`: nobody has used the number of a transaction that was signed a while ago. Its key waits
 *   until it has expired: a send that failed proves nothing.
 * - `trouble`: store or access node failed; it is tried again. With `keyIndex` that key alone is set
 *   aside for a while, because it could not be checked.
 */
export type PoolReport =
  | {
      readonly kind: 'settled'
      readonly keyIndex: number
      readonly outcome: 'executed' | 'refused' | 'expired' | 'moved'
    }
  | {
      readonly kind: 'drifted' | 'quarantined' | 'lost' | 'abandoned' | 'unseen'
      readonly keyIndex: number
    }
  | { readonly kind: 'went-backwards'; readonly height: number }
  | { readonly kind: 'adopted'; readonly count: number }
  | { readonly kind: 'rotating'; readonly rotationId: string }
  | { readonly kind: 'rotated' }
  | { readonly kind: 'trouble'; readonly errorCode: string; readonly keyIndex?: number }

/** Counts since the pool was made, and what is held now. */
export type PoolStats = {
  /** Copies on the account when it was read last. */
  readonly keys: number
  readonly leased: number
  readonly inFlight: number
  readonly waiting: number
  /** Milliseconds that the first caller in line has waited. */
  readonly waitedMs: number
  readonly leases: number
  readonly executed: number
  readonly refused: number
  readonly expired: number
  readonly moved: number
  readonly drifted: number
  readonly quarantined: number
  readonly wentBackwards: number
  readonly adopted: number
  readonly lost: number
  readonly abandoned: number
  readonly unseen: number
  readonly rotating: number
  readonly rotated: number
  /** Reads of one key, 299 bytes each, to find out a sequence number. */
  readonly resyncs: number
}

/** Counts of what is reported. */
export type Tally = {
  readonly report: (report: PoolReport) => void
  readonly countLease: () => void
  readonly countResync: () => void
  readonly counts: () => Omit<PoolStats, 'keys' | 'leased' | 'inFlight' | 'waiting' | 'waitedMs'>
}

/** @param onReport - What it throws becomes a process warning: it cannot stop the pool. */
export function createTally(onReport: ((report: PoolReport) => void) | undefined): Tally {
  const counts = {
    leases: 0,
    executed: 0,
    refused: 0,
    expired: 0,
    moved: 0,
    drifted: 0,
    quarantined: 0,
    wentBackwards: 0,
    adopted: 0,
    lost: 0,
    abandoned: 0,
    unseen: 0,
    rotating: 0,
    rotated: 0,
    resyncs: 0,
  }
  return {
    report(report) {
      if (report.kind === 'settled') counts[report.outcome] += 1
      else if (report.kind === 'adopted') counts.adopted += report.count
      else if (report.kind === 'went-backwards') counts.wentBackwards += 1
      else if (report.kind !== 'trouble') counts[report.kind] += 1
      tellObserver(onReport, report, { name: 'onReport', spared: 'the pool is' })
    },
    countLease: () => {
      counts.leases += 1
    },
    countResync: () => {
      counts.resyncs += 1
    },
    counts: () => ({ ...counts }),
  }
}
