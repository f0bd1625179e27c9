/** What is made of an attempt whose sequence number another transaction has used. @module */

import { doubling } from '../retry.ts'
import type { AttemptRow, JobSettlement } from '../stores/store.ts'
import {
  again,
  type Decision,
  done,
  failureOf,
  jobsOf,
  keyUnlessSettled,
  MAX_DELAY_MS,
  MAX_STREAK,
  MIN_DELAY_MS,
  payerHold,
} from './decision.ts'
import type { Facts } from './facts.ts'

/**
 * By the contract where it knows of the jobs, by the transaction that was found where it does not.
 *
 * @param state - What the attempt becomes unless an operator has to look.
 */
export function afterUse(
  attempt: AttemptRow,
  facts: Facts,
  state: 'sealed' | 'dead',
  blockHeight: number | null,
): Decision {
  const { use, fulfilled } = facts
  const key = keyUnlessSettled(attempt, facts)
  const delayMs = contestedMs(facts)
  const contested =
    (facts.streak ?? 0) >= MAX_STREAK.contested
      ? {
          hold: {
            code: 'SEQUENCE_NUMBERS_CONTESTED',
            reason: 'others use the proposal keys of this relay',
          } as const,
        }
      : {}
  if (fulfilled != null) {
    const jobs = jobsOf(attempt, facts, (id) => again(id, delayMs))
    return {
      settlement: { state, blockHeight, ...key, jobs },
      ...(fulfilled.size > 0 ? { copy: { transactionId: null } } : contested),
    }
  }
  if (use?.kind === 'copy') {
    const { outcome } = use
    const { transactionId } = outcome
    const settle =
      outcome.verdict === 'success'
        ? (id: string) => done(id, transactionId, outcome.height)
        : failureOf(attempt, outcome, facts)
    const jobs = attempt.jobIds.map(settle)
    return {
      settlement: { state, blockHeight, ...key, jobs },
      copy: { transactionId },
      ...payerHold(outcome),
    }
  }
  if (use?.kind === 'foreign') {
    const jobs = attempt.jobIds.map((id) => again(id, delayMs))
    return { settlement: { state, blockHeight, ...key, jobs }, ...contested }
  }
  const jobs = attempt.jobIds.map(
    (id): JobSettlement => ({
      id,
      state: 'quarantined',
      errorCode: 'SEQUENCE_NUMBER_USED',
      reason: 'a transaction that was not found used the sequence number',
    }),
  )
  return { settlement: { state: 'unclear', blockHeight, ...key, jobs } }
}

/** Once is chance, and tried again at once. */
const contestedMs = ({ streak = 1 }: Facts): number =>
  streak < 2 ? 0 : doubling(MIN_DELAY_MS, MAX_DELAY_MS, streak - 1)
