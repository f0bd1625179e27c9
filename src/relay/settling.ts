/** Does what was decided of an attempt: holds, stores, tells. @module */

import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import type { TransactionOutcome } from '../flow/transaction-outcome.ts'
import type { AttemptRow, AttemptSettlement } from '../stores/store.ts'
import { usedCompute } from './compute.ts'
import type { RelayCore } from './core.ts'
import type { Decision, Streak } from './decision.ts'
import type { Facts, OutcomeFact } from './facts.ts'
import { decide, streakOf } from './rule.ts'
import { createStreaks } from './streaks.ts'

/** Settles the attempts of one relay. */
export type Settling = {
  /**
   * @param facts - Complete: see `missingFact`.
   * @returns Whether the attempt is over for this process: settled for good, or another's.
   */
  readonly settle: (attempt: AttemptRow, facts: Facts) => Promise<'over' | 'open'>
  /** Notes what a sealed transaction has used. */
  readonly noteCompute: (
    attempt: AttemptRow,
    fact: OutcomeFact,
    outcome: TransactionOutcome,
  ) => void
  /** Whether one request that ran out of compute may declare more now. */
  readonly mayDeclareMore: (attempt: AttemptRow) => boolean
}

/** Between failures that count one by one, in milliseconds. */
const STREAK_PAUSES = { minMs: 1_000, maxMs: 60_000 } as const

/** @param onKeySettled - Told of each attempt whose proposal key is settled. */
export function createSettling(
  core: RelayCore,
  onKeySettled: (attempt: AttemptRow) => void,
): Settling {
  const { hold, tell } = core
  const streaks = createStreaks<Streak>(STREAK_PAUSES)

  /** Counted once for each: to store it may take several tries. */
  const counted = new WeakMap<AttemptRow, number>()

  function streak(attempt: AttemptRow, facts: Facts): number {
    const kind = streakOf(attempt, facts)
    if (kind !== undefined) {
      const count = counted.get(attempt) ?? streaks.note(kind)
      counted.set(attempt, count)
      return count
    }
    if (facts.outcome?.verdict === 'success') streaks.end()
    return 0
  }

  async function store(
    attempt: AttemptRow,
    settlement: NonNullable<Decision['settlement']>,
    facts: Facts,
  ): Promise<'over' | 'open'> {
    const { transactionId, fence, jobIds } = attempt
    const kept = await core.settle({ ...settlement, transactionId, fence })
    if (settlement.key !== undefined) core.pool.noteFreed()
    if (!kept) return 'over' // another process goes on with it
    tellSettled(attempt, settlement, facts)
    if (settlement.key !== undefined) onKeySettled(attempt)
    core.notify(jobIds)
    return settlement.state === 'executed' ? 'open' : 'over'
  }

  function tellSettled(
    { transactionId }: AttemptRow,
    { state, jobs }: NonNullable<Decision['settlement']>,
    { refusal }: Facts,
  ): void {
    if (state === 'dead')
      tell({ kind: 'dead', transactionId, reason: refusal?.reason ?? 'expired' })
    for (const { id: jobId, ...job } of jobs) {
      if (job.state === 'done')
        tell({ kind: 'done', jobId, transactionId: job.transactionId ?? null })
      else if (job.state !== 'in-flight')
        tell({
          kind: job.state === 'queued' ? 'requeued' : job.state,
          jobId,
          transactionId,
          code: job.errorCode ?? codeOfState(state),
          reason: job.reason ?? '',
        })
    }
  }

  return {
    async settle(attempt, facts) {
      const decision = decide(attempt, { ...facts, streak: streak(attempt, facts) })
      const { settlement, copy } = decision
      const isRejected = ['sequence', 'signature'].includes(facts.outcome?.verdict ?? '')
      if (isRejected) core.engine.directory.forget(core.address)
      if (facts.seen === 'sealed' && facts.outcome?.verdict === 'success') hold.clear('executed')
      // Before the jobs come back, or they would be signed again at once.
      if (decision.hold !== undefined) hold.set(decision.hold.code, decision.hold.reason)
      if (copy !== undefined)
        tell({
          kind: 'copied',
          transactionId: attempt.transactionId,
          copyId: copy.transactionId,
        })
      return settlement === undefined ? 'open' : store(attempt, settlement, facts)
    },
    noteCompute({ transactionId, jobIds }, { verdict }, outcome) {
      const batch = core.batchOf(transactionId)
      if (batch === undefined) return
      if (verdict === 'compute') batch.estimate.exceeded(jobIds.length)
      if (verdict === 'success') batch.estimate.note(jobIds.length, usedCompute(outcome))
    },
    mayDeclareMore({ transactionId, transaction }) {
      const limit = core.batchOf(transactionId)?.estimate.limit(1) ?? 0
      return decodeTransaction(transaction).computeLimit < limit
    },
  }
}

/** Why a job without a code of its own goes into another transaction. */
const codeOfState = (state: AttemptSettlement['state']) =>
  state === 'dead' ? 'TRANSACTION_EXPIRED' : 'TRANSACTION_FAILED'
