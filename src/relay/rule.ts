/**
 * What is known of an attempt, and what that makes of it and of its jobs: the table of
 * docs/exactly-once.md, row by row. Pure: it asks nobody and changes nothing.
 * @module
 */

import type { AttemptRow, JobSettlement } from '../stores/store.ts'
import {
  again,
  codeOf,
  type Decision,
  delayOf,
  done,
  failureOf,
  half,
  jobsOf,
  keyUnlessSettled,
  MAX_STREAK,
  payerHold,
  type Streak,
  spent,
  spentUnlessSettled,
} from './decision.ts'
import { type Facts, type OutcomeFact, wasUsed } from './facts.ts'
import { firstSentence } from './first-sentence.ts'
import { afterUse } from './rule-of-uses.ts'

/** Which row of failures in a row this adds to; undefined: it ends them all. */
export function streakOf(attempt: AttemptRow, facts: Facts): Streak | undefined {
  if (facts.seen === 'refused') return facts.refusal?.kind === 'stale' ? 'stale' : undefined
  if (wasUsed(attempt, facts)) return 'contested'
  return facts.outcome?.verdict === 'signature' && facts.key?.revoked === false
    ? 'signature'
    : undefined
}

/** What the decision depends on and is not known yet. */
export function missingFact(
  attempt: AttemptRow,
  facts: Facts,
): 'key' | 'fulfilled' | 'use' | undefined {
  const verdict = facts.outcome?.verdict
  const notSpent = verdict === 'sequence' || verdict === 'signature'
  const isOver = facts.seen === 'never' || (facts.seen === 'sealed' && verdict !== 'success')
  if (!isOver) return undefined
  if ((facts.seen === 'never' || notSpent) && facts.key === undefined) return 'key'
  if (facts.key === null && !facts.toldBackwards) return undefined
  if (facts.fulfilled === undefined) return 'fulfilled'
  const isOpen = wasUsed(attempt, facts) && facts.fulfilled === null
  return isOpen && facts.use === undefined ? 'use' : undefined
}

/** @param facts - With nothing missing: see `missingFact`. */
export function decide(attempt: AttemptRow, facts: Facts): Decision {
  if (facts.seen === 'disagreement')
    return { hold: { code: 'NODES_DISAGREE', reason: facts.about ?? '' } }
  if (facts.seen === 'lower') return { hold: { code: 'CHAIN_WENT_BACKWARDS', reason: LOWER } }
  if (facts.seen === 'unreadable') return setAside(attempt)
  if (facts.seen === 'refused') return afterRefusal(attempt, facts)
  if (facts.seen === 'never') return afterNothing(attempt, facts)
  const { outcome } = facts
  if (outcome === undefined) return {}
  if (facts.seen === 'executed') return afterExecution(attempt, outcome, facts)
  if (outcome.verdict === 'success') return afterSuccess(attempt, outcome, facts)
  return outcome.verdict === 'sequence' || outcome.verdict === 'signature'
    ? afterRejection(attempt, outcome, facts)
    : afterFailure(attempt, outcome, facts)
}

const LOWER = 'it is lower than a block that a transaction refers to'

/** Nobody can send it, and nobody can tell what it was: an operator decides. */
function setAside({ sequenceNumber, jobIds }: AttemptRow): Decision {
  const quarantine = 'its transaction cannot be read'
  const jobs = jobIds.map(
    (id): JobSettlement => ({
      id,
      state: 'quarantined',
      errorCode: 'TRANSACTION_UNREADABLE',
      reason: 'the stored bytes are no transaction that a node would take',
    }),
  )
  const key = { nextSequenceNumber: sequenceNumber, quarantine }
  return { settlement: { state: 'unclear', blockHeight: null, key, jobs } }
}

function afterExecution(attempt: AttemptRow, outcome: OutcomeFact, facts: Facts): Decision {
  const { verdict, height: blockHeight, transactionId } = outcome
  if (facts.keySettled || verdict === 'sequence' || verdict === 'signature') return {}
  // What fails is told when it is final; until then the code says that it did not succeed.
  const errorCode = verdict === 'success' ? null : codeOf(outcome)
  const jobs = attempt.jobIds.map(
    (id) => ({ id, state: 'in-flight', transactionId, blockHeight, errorCode }) as const,
  )
  return { settlement: { state: 'executed', blockHeight, ...spent(attempt), jobs } }
}

function afterSuccess(attempt: AttemptRow, outcome: OutcomeFact, facts: Facts): Decision {
  const { transactionId, height: blockHeight } = outcome
  const jobs = attempt.jobIds.map((id) => done(id, transactionId, blockHeight))
  return {
    settlement: { state: 'sealed', blockHeight, ...spentUnlessSettled(attempt, facts), jobs },
  }
}

/** Cadence or the payer failed: the number is spent, and nothing was changed. */
function afterFailure(attempt: AttemptRow, outcome: OutcomeFact, facts: Facts): Decision {
  const jobs = jobsOf(attempt, facts, failureOf(attempt, outcome, facts))
  const key = spentUnlessSettled(attempt, facts)
  const settlement = { state: 'sealed', blockHeight: outcome.height, ...key, jobs } as const
  return { settlement, ...payerHold(outcome) }
}

/** In a block, but never executed: the number is not the one of the key, or a signature is bad. */
function afterRejection(attempt: AttemptRow, outcome: OutcomeFact, facts: Facts): Decision {
  if (facts.key === null && !facts.toldBackwards) return keyIsGone()
  if (wasUsed(attempt, facts)) return afterUse(attempt, facts, 'sealed', outcome.height)
  const isSignature = outcome.verdict === 'signature' && facts.key?.revoked === false
  const jobs = jobsOf(attempt, facts, (id) => again(id, delayOf(facts)))
  const settlement = {
    state: 'sealed',
    blockHeight: outcome.height,
    ...keyUnlessSettled(attempt, facts),
    jobs,
  } as const
  return isSignature && (facts.streak ?? 0) >= MAX_STREAK.signature
    ? {
        settlement,
        hold: { code: 'SIGNATURE_REFUSED', reason: firstSentence(outcome.reason) },
      }
    : { settlement }
}

/** No block has it, none can have it any more. */
function afterNothing(attempt: AttemptRow, facts: Facts): Decision {
  if (facts.key === null && !facts.toldBackwards) return keyIsGone()
  if (wasUsed(attempt, facts)) return afterUse(attempt, facts, 'dead', null)
  const jobs = jobsOf(attempt, facts, (id) => again(id))
  const key = keyUnlessSettled(attempt, facts)
  const settlement = { state: 'dead', blockHeight: null, ...key, jobs } as const
  const isLower = facts.key != null && facts.key.sequenceNumber < attempt.sequenceNumber
  if (!(isLower || facts.referenceGone) || facts.toldBackwards) return { settlement }
  const reason = isLower
    ? 'a sequence number is lower than it was'
    : 'a reference block is on the chain no more'
  return { settlement, hold: { code: 'CHAIN_WENT_BACKWARDS', reason } }
}

const keyIsGone = (): Decision => ({
  hold: { code: 'CHAIN_WENT_BACKWARDS', reason: 'a proposal key is no longer on the account' },
})

/** No node has taken it, for certain. */
function afterRefusal(attempt: AttemptRow, facts: Facts): Decision {
  const { kind, reason } = facts.refusal ?? { kind: 'invalid', reason: '' }
  const { jobIds, sequenceNumber } = attempt
  const jobs = jobIds.map((id): JobSettlement => {
    if (kind !== 'invalid') return { ...again(id, delayOf(facts)), reason }
    if (jobIds.length > 1) return { ...again(id), batchLimit: half(jobIds), reason }
    return { id, state: 'failed', errorCode: 'ACCESS_NODE_REFUSED', reason }
  })
  const key = { nextSequenceNumber: sequenceNumber }
  const settlement = { state: 'dead', blockHeight: null, key, jobs } as const
  if (kind === 'payer') return { settlement, hold: { code: 'PAYER_CANNOT_PAY', reason } }
  return kind === 'stale' && (facts.streak ?? 0) >= MAX_STREAK.stale
    ? { settlement, hold: { code: 'REFERENCE_BLOCK_REFUSED', reason } }
    : { settlement }
}
