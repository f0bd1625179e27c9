/** What a relay tells of its jobs and transactions, for logs, metrics and traces. @module */

import type { NodeNews } from '../flow/node-roster.ts'
import type { PostVerdict } from '../flow/post-transaction.ts'
import { tellObserver } from '../observers.ts'

/**
 * Plain data that `JSON.stringify` takes as it is. Milliseconds are of a monotonic clock of this
 * process.
 */
export type RelayEvent =
  | { readonly kind: 'accepted'; readonly jobId: string }
  | {
      readonly kind: 'signed'
      readonly transactionId: string
      readonly jobIds: readonly string[]
      readonly keyIndex: number
      /** In decimal digits. */
      readonly sequenceNumber: string
      readonly computeLimit: number
      /** From the store of the oldest job until it was taken up, by the clocks of the systems. */
      readonly queuedMs: number
      /** For a proposal key. */
      readonly waitedMs: number
      /** With policy, verification and the store of the signed bytes. */
      readonly signMs: number
    }
  | {
      readonly kind: 'sent'
      readonly transactionId: string
      readonly accessNode: string
      readonly verdict: PostVerdict
      readonly reason: string
      readonly attempt: number
      readonly sendMs: number
    }
  | {
      readonly kind: 'executed' | 'sealed'
      readonly transactionId: string
      readonly jobIds: readonly string[]
      readonly height: number
      readonly failed: boolean
      readonly errorCodes: readonly number[]
      /** Whether another process signed it. */
      readonly adopted: boolean
      /** From the moment it was stored, before the first POST, or was adopted. */
      readonly sinceSignedMs: number
    }
  | { readonly kind: 'dead'; readonly transactionId: string; readonly reason: string }
  | { readonly kind: 'done'; readonly jobId: string; readonly transactionId: string | null }
  | {
      readonly kind: 'failed' | 'quarantined' | 'requeued'
      readonly jobId: string
      /** Null when none was stored for it. */
      readonly transactionId: string | null
      /** Of this package, of Flow in digits, or one of docs/exactly-once.md. */
      readonly code: string
      readonly reason: string
    }
  | { readonly kind: 'cancelled'; readonly jobId: string }
  /** An operator said what became of a quarantined job. */
  | {
      readonly kind: 'resolved'
      readonly jobId: string
      readonly state: 'queued' | 'done' | 'failed'
    }
  | { readonly kind: 'paused' }
  | { readonly kind: 'held'; readonly code: string; readonly reason: string }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'adopted'; readonly count: number }
  /** Somebody sent our payload with other signatures: see docs/exactly-once.md. */
  | {
      readonly kind: 'copied'
      readonly transactionId: string
      readonly copyId: string | null
    }
  /**
   * A node is left for another one, or works again: see docs/exactly-once.md. `kind` is `node-left`
   * or `node-back`.
   */
  | NodeNews
  | { readonly kind: 'trouble'; readonly code: string; readonly where: string }

/** Called at once; what it throws, or rejects with, becomes a process warning. */
export type RelayObserver = (event: RelayEvent) => void

/** An observer must not be able to stop the relay. */
export function createTeller(observer: RelayObserver | undefined): RelayObserver {
  return (event) => tellObserver(observer, event, { name: 'onEvent', spared: 'the relay is' })
}
