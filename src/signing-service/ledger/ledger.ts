/** What a service remembers of what it let sign. @module */

/** One payload that asks for its sequence number, and what it would take from budgets. */
export type LedgerClaim = {
  /** Of the proposal key: `0x` and 16 lower-case digits. */
  readonly address: string
  readonly keyIndex: number
  readonly sequenceNumber: bigint
  /** SHA3-256 of the payload in RLP, 64 lower-case digits. */
  readonly payloadHash: string
  /** Milliseconds from now for which no other payload gets the sequence number. */
  readonly holdMs: number
  readonly charges: readonly Charge[]
}

/** Something of a budget. */
export type Charge = {
  /** Its name. */
  readonly budget: string
  /** Above 0; of a UFix64 in units of 10⁻⁸. */
  readonly amount: bigint
  /** What one day in UTC has of it, in the same units. */
  readonly perDay: bigint
}

/**
 * - `granted`: nobody had it; it is this payload's now, and the charges are taken.
 * - `replayed`: this payload had it before; nothing was taken again.
 * - `conflict`: another payload has it, and may still be executed.
 * - `spent`: a budget has too little; nothing was taken, and the sequence number stays free.
 */
export type LedgerDecision =
  | { readonly decision: 'granted' | 'replayed' | 'conflict' }
  | { readonly decision: 'spent'; readonly budget: string }

/**
 * Decides in one atomic step, durable when it resolves. By one clock: that of the ledger, not of the
 * machines that ask. A payload that once had a sequence number gets it again for as long as it is
 * remembered, which is at least `holdMs`.
 */
export type Ledger = {
  /** Rejects when it cannot tell; then nothing is signed. */
  readonly claim: (
    claim: LedgerClaim,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<LedgerDecision>
}
