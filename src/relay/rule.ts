/**
 * What is known of an attempt, and what that makes of it and of its jobs: the table of
 * docs/exactly-once.md, row by row. Pure: it asks nobody and changes nothing.
 * @module
 */

import type { Refusal } from '../flow/refusals.ts'
import { doubling } from '../retry.ts'
import type { AttemptRow, AttemptSettlement, JobSettlement } from '../stores/store.ts'
import type { Verdict } from './classify.ts'
import { firstSentence } from './first-sentence.ts'
import type { HoldCode } from './hold-codes.ts'

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
const MIN_DELAY_MS = 1_000
const MAX_DELAY_MS = 60_000
/** So many in a row hold the relay: then one job at a time tries, more and more slowly. */
export const MAX_STREAK: Readonly<Record<Streak, number>> = { stale: 2, signature: 3, contested: 3 }

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

/** Another transaction has used the sequence number: a copy of ours, or a stranger's. */
function wasUsed({ sequenceNumber }: AttemptRow, { seen, outcome, key }: Facts): boolean {
  if (key === undefined || key === null || key.sequenceNumber <= sequenceNumber) return false
  return seen === 'never' || outcome?.verdict === 'sequence'
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

/** The same job in another transaction, since this one can never execute. */
const again = (id: string, delayMs = 0): JobSettlement =>
  delayMs === 0 ? { id, state: 'queued' } : { id, state: 'queued', delayMs }

const delayOf = ({ streak = 1 }: Facts) => doubling(MIN_DELAY_MS, MAX_DELAY_MS, streak)

const done = (id: string, transactionId: string, blockHeight: number): JobSettlement => ({
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
const jobsOf = (
  { jobIds }: AttemptRow,
  { fulfilled }: Facts,
  settle: (id: string) => JobSettlement,
): readonly JobSettlement[] =>
  jobIds.map((id) => (fulfilled?.has(id) ? fulfilledElsewhere(id) : settle(id)))

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

const spent = ({ sequenceNumber }: AttemptRow) => ({
  key: { nextSequenceNumber: sequenceNumber + 1n },
})
const spentUnlessSettled = (attempt: AttemptRow, { keySettled }: Facts) =>
  keySettled ? {} : spent(attempt)

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

const payerHold = ({ verdict, reason }: OutcomeFact): Pick<Decision, 'hold'> =>
  verdict === 'payer' ? { hold: { code: 'PAYER_CANNOT_PAY', reason: firstSentence(reason) } } : {}

/** What a job becomes by an outcome that is a failure. */
function failureOf({ jobIds }: AttemptRow, outcome: OutcomeFact, facts: Facts) {
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

const half = (jobIds: readonly string[]) => Math.ceil(jobIds.length / 2)
const codeOf = ({ errorCodes }: OutcomeFact) => String(errorCodes[0] ?? 'TRANSACTION_FAILED')

/** In a block, but never executed: the number is not the one of the key, or a signature is bad. */
function afterRejection(attempt: AttemptRow, outcome: OutcomeFact, facts: Facts): Decision {
  if (facts.key === null && !facts.toldBackwards) return keyIsGone()
  if (wasUsed(attempt, facts)) return afterUse(attempt, facts, 'sealed', outcome.height)
  const isSignature = outcome.verdict === 'signature' && facts.key?.revoked === false
  const jobs = jobsOf(attempt, facts, (id) => again(id, delayOf(facts)))
  const settlement = {
    state: 'sealed',
    blockHeight: outcome.height,
    key: keyOf(attempt, facts),
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
  const settlement = { state: 'dead', blockHeight: null, key: keyOf(attempt, facts), jobs } as const
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

function keyOf({ sequenceNumber }: AttemptRow, { key }: Facts) {
  if (key == null)
    return {
      nextSequenceNumber: sequenceNumber,
      quarantine: 'the key is no longer on the account',
    }
  const { sequenceNumber: nextSequenceNumber, revoked } = key
  return revoked ? { nextSequenceNumber, quarantine: 'the key is revoked' } : { nextSequenceNumber }
}

function afterUse(
  attempt: AttemptRow,
  facts: Facts,
  state: 'sealed' | 'dead',
  blockHeight: number | null,
): Decision {
  const { use, fulfilled } = facts
  const key = keyOf(attempt, facts)
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
    const jobs = jobsOf(attempt, facts, (id) => again(id, delayOf(facts)))
    return {
      settlement: { state, blockHeight, key, jobs },
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
      settlement: { state, blockHeight, key, jobs },
      copy: { transactionId },
      ...payerHold(outcome),
    }
  }
  if (use?.kind === 'foreign') {
    const jobs = attempt.jobIds.map((id) => again(id, delayOf(facts)))
    return { settlement: { state, blockHeight, key, jobs }, ...contested }
  }
  const jobs = attempt.jobIds.map(
    (id): JobSettlement => ({
      id,
      state: 'quarantined',
      errorCode: 'SEQUENCE_NUMBER_USED',
      reason: 'a transaction that was not found used the sequence number',
    }),
  )
  return { settlement: { state: 'unclear', blockHeight, key, jobs } }
}

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
