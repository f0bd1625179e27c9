/** What is known of an attempt when it is decided. @module */

import type { Refusal } from '../flow/refusals.ts'
import type { TransactionOutcome } from '../flow/transaction-outcome.ts'
import type { AttemptRow } from '../stores/store.ts'
import { classify, type Verdict } from './classify.ts'

/** What a block made of the transaction, by the word of two nodes where two are given. */
export type OutcomeFact = {
  readonly verdict: Verdict
  readonly transactionId: string
  readonly height: number
  readonly errorCodes: readonly number[]
  readonly reason: string
}

/** The transaction that used the sequence number in place of ours. */
export type UseFact =
  /** Our payload under other signatures; its outcome is ours. */
  | { readonly kind: 'copy'; readonly outcome: OutcomeFact }
  /** Another payload. Its id is null when it stands in a block before ours could. */
  | { readonly kind: 'foreign'; readonly transactionId: string | null }
  /** It was not found. */
  | { readonly kind: 'unknown' }

/** What is known of an attempt. What is absent was not asked, since nothing depends on it. */
export type Facts = {
  /**
   * - `executed`: a block has it that is not sealed, by the word of the followed node alone.
   * - `sealed`: a sealed block has it.
   * - `refused`: every node that was asked refused its bytes, and none can have taken them before.
   * - `never`: no block has it, and none can have it any more.
   * - `disagreement`: two nodes do not say the same.
   * - `lower`: for long now the chain is lower than the block that it refers to.
   * - `unreadable`: the stored bytes are no transaction that a node would take.
   */
  readonly seen:
    | 'executed'
    | 'sealed'
    | 'refused'
    | 'never'
    | 'disagreement'
    | 'lower'
    | 'unreadable'
  /** Of `executed` and `sealed`. */
  readonly outcome?: OutcomeFact
  /** Of `refused`. */
  readonly refusal?: { readonly kind: Refusal; readonly reason: string }
  /** Of `disagreement`: what about. */
  readonly about?: string
  /** Whether its key was settled before, when a block had it. */
  readonly keySettled?: boolean
  /** Its proposal key at that block, or at a sealed block after its end; null: the chain has none. */
  readonly key?: { readonly sequenceNumber: bigint; readonly revoked: boolean } | null
  /** Those of its jobs that the contract has fulfilled; null: it cannot know of them. */
  readonly fulfilled?: ReadonlySet<string> | null
  readonly use?: UseFact
  /** Its reference block is on the chain no more. */
  readonly referenceGone?: boolean
  /** That the chain went backwards was told already, and perhaps resumed since. */
  readonly toldBackwards?: boolean
  /** One request alone ran out of compute, and more may be declared for it now. */
  readonly mayDeclareMore?: boolean
  /** How many ended in this way one after another, of all of the relay; this one included. */
  readonly streak?: number
}

/** Another transaction has used the sequence number: a copy of ours, or a stranger's. */
export function wasUsed({ sequenceNumber }: AttemptRow, { seen, outcome, key }: Facts): boolean {
  if (key === undefined || key === null || key.sequenceNumber <= sequenceNumber) return false
  // The network looks at signatures before the number: a key revoked since a copy executed hides it.
  return seen === 'never' || outcome?.verdict === 'sequence' || outcome?.verdict === 'signature'
}

/** An outcome as the rule knows it. */
export function outcomeFact(outcome: TransactionOutcome, address: string): OutcomeFact {
  const { transactionId, height, errorCodes, reason } = outcome
  return { verdict: classify(outcome, address), transactionId, height, errorCodes, reason }
}
