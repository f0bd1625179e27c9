/** What an outcome makes of an attempt and of its jobs: the decision rule of docs/exactly-once.md. @module */

import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { isSignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { Refusal } from '../flow/refusals.ts'
import type { TransactionOutcome } from '../flow/transaction-outcome.ts'
import type { AttemptRow, AttemptSettlement, JobSettlement } from '../stores/store.ts'
import { classify, type Verdict } from './classify.ts'
import { usedCompute } from './compute.ts'
import { askedNodes, type RelayCore } from './core.ts'
import { findFate, readFulfilled } from './fate.ts'

/** Before a job goes into another transaction because of a key, in milliseconds. */
const SIGNATURE_DELAY_MS = 1_000
/** Signatures refused one after another: the keys themselves are wrong. */
const MAX_SIGNATURE_FAILURES = 5

type Settlement = Omit<AttemptSettlement, 'transactionId'>

/**
 * A contract knows of a request by an argument alone. Where the id of a job is none, "not fulfilled"
 * says nothing about it.
 */
function namesItsJobs({ transaction, jobIds }: AttemptRow): boolean {
  const named = decodeTransaction(transaction).arguments.join('\n')
  return jobIds.every((id) => named.includes(`"value":${JSON.stringify(id)}`))
}

/** Decides for one relay. */
export type Decider = {
  /** A block executed it and is not sealed: the key is free, the jobs wait for the seal. */
  readonly executed: (attempt: AttemptRow, outcome: TransactionOutcome) => Settlement | undefined
  /** A sealed block has it. */
  readonly sealed: (
    attempt: AttemptRow,
    outcome: TransactionOutcome,
    keySettled: boolean,
  ) => Promise<Settlement>
  /** No node has taken it, for certain. */
  readonly refused: (attempt: AttemptRow, refusal: Refusal, reason: string) => Settlement
  /**
   * It can not execute any more, and no block has it.
   *
   * @param onChain - The sequence number of its key on chain.
   */
  readonly dead: (attempt: AttemptRow, onChain: bigint, sealedHeight: number) => Promise<Settlement>
}

export function createDecider(core: RelayCore): Decider {
  const { address, signal, requestScript, hold, tell } = core
  let signatureFailures = 0

  /** What the contract says, by the word of all nodes that are asked. */
  async function fulfilledOf(attempt: AttemptRow): Promise<ReadonlySet<string> | undefined> {
    if (requestScript === undefined || !namesItsJobs(attempt)) return undefined
    const ids = attempt.jobIds
    const { node, second } = askedNodes(core)
    const [first, ...others] = await Promise.all(
      [node, ...(second === undefined ? [] : [second])].map((one) =>
        readFulfilled(one, requestScript, ids, { signal }),
      ),
    )
    return new Set([...(first ?? [])].filter((id) => others.every((set) => set.has(id))))
  }

  /** Those that the contract has fulfilled are done, whatever became of this transaction. */
  async function unlessFulfilled(
    attempt: AttemptRow,
    settle: (id: string) => JobSettlement,
  ): Promise<readonly JobSettlement[]> {
    const fulfilled = await fulfilledOf(attempt)
    return attempt.jobIds.map((id) => (fulfilled?.has(id) ? fulfilledElsewhere(id) : settle(id)))
  }

  function failed(attempt: AttemptRow, verdict: Verdict, outcome: TransactionOutcome) {
    const { transactionId, height: blockHeight } = outcome
    const reason = firstSentence(outcome.reason)
    const count = attempt.jobIds.length
    return (id: string): JobSettlement => {
      if (verdict === 'payer')
        return { id, state: 'queued', errorCode: 'PAYER_CANNOT_PAY', reason, delayMs: 1_000 }
      if (count > 1) return { id, state: 'queued', batchLimit: Math.ceil(count / 2), reason }
      if (verdict === 'compute' && mayDeclareMore(attempt)) return { id, state: 'queued', reason }
      const errorCode = String(outcome.errorCodes[0] ?? 'TRANSACTION_FAILED')
      return { id, state: 'failed', transactionId, blockHeight, errorCode, reason }
    }
  }

  /** One request alone ran out of what was declared for it, and the estimate has grown since. */
  function mayDeclareMore({ transactionId, transaction }: AttemptRow): boolean {
    const limit = core.batchOf(transactionId)?.estimate.limit(1) ?? 0
    return decodeTransaction(transaction).computeLimit < limit
  }

  /** The sequence number was used by another transaction: by a copy of ours, or by a stranger's. */
  async function usedByAnother(
    attempt: AttemptRow,
    sealedHeight: number,
  ): Promise<{ readonly jobs: readonly JobSettlement[]; readonly unclear: boolean }> {
    const fulfilled = await fulfilledOf(attempt)
    if (fulfilled !== undefined) {
      if (fulfilled.size > 0)
        tell({ kind: 'copied', transactionId: attempt.transactionId, copyId: null })
      const jobs = attempt.jobIds.map(
        (id): JobSettlement =>
          fulfilled.has(id) ? fulfilledElsewhere(id) : { id, state: 'queued' },
      )
      return { jobs, unclear: false }
    }
    const fate = await findFate(askedNodes(core).node, attempt, sealedHeight, { signal })
    if (fate.kind === 'copy')
      tell({ kind: 'copied', transactionId: attempt.transactionId, copyId: fate.transactionId })
    const jobs = attempt.jobIds.map((id): JobSettlement => {
      if (fate.kind === 'foreign') return { id, state: 'queued' }
      if (fate.kind === 'unknown')
        return {
          id,
          state: 'quarantined',
          errorCode: 'SEQUENCE_NUMBER_USED',
          reason: 'a transaction that was not found used the sequence number',
        }
      const { transactionId, height: blockHeight } = fate
      if (fate.succeeded) return { id, ...done(transactionId, blockHeight) }
      if (attempt.jobIds.length > 1)
        return { id, state: 'queued', batchLimit: Math.ceil(attempt.jobIds.length / 2) }
      const reason = firstSentence(fate.reason)
      return {
        id,
        state: 'failed',
        transactionId,
        blockHeight,
        errorCode: 'TRANSACTION_FAILED',
        reason,
      }
    })
    return { jobs, unclear: fate.kind === 'unknown' }
  }

  function noteCompute(attempt: AttemptRow, outcome: TransactionOutcome, verdict: Verdict): void {
    const batch = core.batchOf(attempt.transactionId)
    if (batch === undefined) return
    if (verdict === 'compute') batch.estimate.exceeded(attempt.jobIds.length)
    if (verdict === 'success') batch.estimate.note(attempt.jobIds.length, usedCompute(outcome))
  }

  /** Nothing was executed: which number the key has now, and whether it may be used again. */
  async function notSpent(attempt: AttemptRow, height: number) {
    const key = await readAccountKey(askedNodes(core).node, address, attempt.keyIndex, {
      height,
      signal,
    }).catch((thrown: unknown) => {
      if (isSignerError(thrown, 'KEY_INDEX_UNKNOWN'))
        hold.set('CHAIN_WENT_BACKWARDS', 'a proposal key is no longer on the account')
      throw thrown
    })
    const nextSequenceNumber = key.sequenceNumber
    return key.revoked
      ? { nextSequenceNumber, quarantine: 'the key is revoked' }
      : { nextSequenceNumber }
  }

  return {
    executed(attempt, outcome) {
      const verdict = classify(outcome, address)
      if (verdict === 'sequence' || verdict === 'signature') return undefined
      const { height: blockHeight, transactionId } = outcome
      const key = { nextSequenceNumber: attempt.sequenceNumber + 1n }
      // What fails is told when it is final; until then the code says that it did not succeed.
      const errorCode =
        verdict === 'success' ? null : String(outcome.errorCodes[0] ?? 'TRANSACTION_FAILED')
      const jobs = attempt.jobIds.map(
        (id) => ({ id, state: 'in-flight', transactionId, blockHeight, errorCode }) as const,
      )
      return { state: 'executed', blockHeight, key, jobs }
    },
    async sealed(attempt, outcome, keySettled) {
      const verdict = classify(outcome, address)
      const { height: blockHeight, transactionId } = outcome
      noteCompute(attempt, outcome, verdict)
      if (verdict !== 'signature') signatureFailures = 0
      if (verdict === 'success') hold.clear('executed')
      if (verdict === 'sequence' || verdict === 'signature') {
        const key = await notSpent(attempt, blockHeight)
        core.engine.directory.forget(address)
        const used = verdict === 'sequence' && key.nextSequenceNumber > attempt.sequenceNumber
        if (used) {
          const { jobs, unclear } = await usedByAnother(attempt, blockHeight)
          return { state: unclear ? 'unclear' : 'sealed', blockHeight, key, jobs }
        }
        if (verdict === 'signature' && !('quarantine' in key)) signatureFailures += 1
        if (signatureFailures >= MAX_SIGNATURE_FAILURES)
          hold.set('SIGNATURE_REFUSED', firstSentence(outcome.reason))
        const jobs = await unlessFulfilled(attempt, (id) => ({
          id,
          state: 'queued',
          delayMs: SIGNATURE_DELAY_MS,
        }))
        return { state: 'sealed', blockHeight, key, jobs }
      }
      const key = keySettled ? {} : { key: { nextSequenceNumber: attempt.sequenceNumber + 1n } }
      if (verdict === 'payer') hold.set('PAYER_CANNOT_PAY', firstSentence(outcome.reason))
      const jobs =
        verdict === 'success'
          ? attempt.jobIds.map((id) => ({ id, ...done(transactionId, blockHeight) }))
          : await unlessFulfilled(attempt, failed(attempt, verdict, outcome))
      return { state: 'sealed', blockHeight, ...key, jobs }
    },
    refused(attempt, refusal, reason) {
      const count = attempt.jobIds.length
      if (refusal === 'payer') hold.set('PAYER_CANNOT_PAY', reason)
      const jobs = attempt.jobIds.map((id): JobSettlement => {
        if (refusal !== 'invalid') return { id, state: 'queued', delayMs: 1_000, reason }
        if (count > 1) return { id, state: 'queued', batchLimit: Math.ceil(count / 2), reason }
        return { id, state: 'failed', errorCode: 'ACCESS_NODE_REFUSED', reason }
      })
      const key = { nextSequenceNumber: attempt.sequenceNumber }
      return { state: 'dead', blockHeight: null, key, jobs }
    },
    async dead(attempt, onChain, sealedHeight) {
      const key = { nextSequenceNumber: onChain }
      if (onChain <= attempt.sequenceNumber) {
        const jobs = await unlessFulfilled(attempt, (id) => ({ id, state: 'queued' }))
        return { state: 'dead', blockHeight: null, key, jobs }
      }
      const { jobs, unclear } = await usedByAnother(attempt, sealedHeight)
      return { state: unclear ? 'unclear' : 'dead', blockHeight: null, key, jobs }
    },
  }
}

const fulfilledElsewhere = (id: string): JobSettlement => ({
  id,
  state: 'done',
  transactionId: null,
  errorCode: null,
  reason: 'the contract has fulfilled this request',
})

const done = (transactionId: string, blockHeight: number) =>
  ({ state: 'done', transactionId, blockHeight, errorCode: null, reason: null }) as const

/** A node's message is a page long; its codes and the first words of the error say the most. */
function firstSentence(message: string): string {
  const panic = /error: (.*)/.exec(message)?.[1]
  const head = message.slice(0, 300)
  return panic === undefined || head.includes(panic)
    ? head
    : `${panic.slice(0, 300)} (${head.slice(0, 120)})`
}
