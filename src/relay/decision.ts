/** What is to be done with an attempt, and the parts that decisions are made of. @module */

import { doubling } from '../retry.ts'
import type { AttemptRow, AttemptSettlement, JobSettlement } from '../stores/store.ts'
import type { Facts, OutcomeFact } from './facts.ts'
import { firstSentence } from './first-sentence.ts'
import type { HoldCode } from './hold-codes.ts'

/** What is to be done. */
export type Decision = {
  /** Absent: nothing is certain yet. */
  readonly settlement?: Omit<AttemptSettlement, 'transactionId'>
  readonly hold?: { readonly code: HoldCode; readonly reason: string }
  /** A copy of ours was executed: its id, or null when the contract told. */
  readonly copy?: { readonly transactionId: string | null }
}

/** What ends in the same way again and again is not tried again for ever. */
export type Streak = 'stale' | 'signature' | 'contested'

/** Before a job goes into another transaction, in milliseconds: doubled for each in a row. */
export const MIN_DELAY_MS = 1_000
export const MAX_DELAY_MS = 60_000
/** So many in a row hold the relay: then one job at a time tries, more and more slowly. */
export const MAX_STREAK: Readonly<Record<Streak, number>> = { stale: 2, signature: 3, contested: 3 }

/** The same job in another transaction, since this one can never execute. */
export const again = (id: string, delayMs = 0): JobSettlement =>
  delayMs === 0 ? { id, state: 'queued' } : { id, state: 'queued', delayMs }

export const delayOf = ({ streak = 1 }: Facts): number =>
  doubling(MIN_DELAY_MS, MAX_DELAY_MS, streak)

export const done = (id: string, transactionId: string, blockHeight: number): JobSettlement => ({
  id,
  state: 'done',
  transactionId,
  blockHeight,
  errorCode: null,
  reason: null,
})

const fulfilledElsewhere = (id: string): JobSettlement => ({
  id,
  state: 'done',
  transactionId: null,
  errorCode: null,
  reason: 'the contract has fulfilled this request',
})

/** Those that the contract has fulfilled are done, whatever became of this transaction. */
export const jobsOf = (
  { jobIds }: AttemptRow,
  { fulfilled }: Facts,
  settle: (id: string) => JobSettlement,
): readonly JobSettlement[] =>
  jobIds.map((id) => (fulfilled?.has(id) ? fulfilledElsewhere(id) : settle(id)))

export const payerHold = ({ verdict, reason }: OutcomeFact): Pick<Decision, 'hold'> =>
  verdict === 'payer' ? { hold: { code: 'PAYER_CANNOT_PAY', reason: firstSentence(reason) } } : {}

/** What a job becomes by an outcome that is a failure. */
export function failureOf({ jobIds }: AttemptRow, outcome: OutcomeFact, facts: Facts) {
  const { verdict, transactionId, height: blockHeight } = outcome
  const reason = firstSentence(outcome.reason)
  return (id: string): JobSettlement => {
    if (verdict === 'payer')
      return { ...again(id, MIN_DELAY_MS), errorCode: 'PAYER_CANNOT_PAY', reason }
    // A batch is tried in halves, until the bad one stands alone.
    if (jobIds.length > 1) return { ...again(id), batchLimit: half(jobIds), reason }
    if (verdict === 'compute' && facts.mayDeclareMore) return { ...again(id), reason }
    return { id, state: 'failed', transactionId, blockHeight, errorCode: codeOf(outcome), reason }
  }
}

/** What becomes of the key, where that is certain. */
type KeySettlement = Pick<AttemptSettlement, 'key'>

export const half = (jobIds: readonly string[]): number => Math.ceil(jobIds.length / 2)
export const codeOf = ({ errorCodes }: OutcomeFact): string =>
  String(errorCodes[0] ?? 'TRANSACTION_FAILED')

export const spent = ({ sequenceNumber }: AttemptRow): Required<KeySettlement> => ({
  key: { nextSequenceNumber: sequenceNumber + 1n },
})
export const spentUnlessSettled = (attempt: AttemptRow, { keySettled }: Facts): KeySettlement =>
  keySettled ? {} : spent(attempt)

/** Nothing of a key that was settled when a block had the transaction: another may have it now. */
export const keyUnlessSettled = (attempt: AttemptRow, facts: Facts): KeySettlement =>
  facts.keySettled ? {} : { key: keyOf(attempt, facts) }

function keyOf({ sequenceNumber }: AttemptRow, { key }: Facts): Required<KeySettlement>['key'] {
  if (key == null)
    return {
      nextSequenceNumber: sequenceNumber,
      quarantine: 'the key is no longer on the account',
    }
  const { sequenceNumber: nextSequenceNumber, revoked } = key
  return revoked ? { nextSequenceNumber, quarantine: 'the key is revoked' } : { nextSequenceNumber }
}
