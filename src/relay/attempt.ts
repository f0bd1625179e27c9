/** One signed transaction: sent until a block takes it, and settled by what the chain says. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { pause } from '../deadline.ts'
import { codeOf } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import { readBlockResults } from '../flow/block-results.ts'
import { blockExists, readBlockHeight } from '../flow/blocks.ts'
import { prepareTransaction } from '../flow/post-transaction.ts'
import type { Refusal } from '../flow/refusals.ts'
import { readSingleResult, type TransactionOutcome } from '../flow/transaction-outcome.ts'
import { doubling } from '../retry.ts'
import type { AttemptRow, AttemptSettlement } from '../stores/store.ts'
import { askedNodes, type RelayCore } from './core.ts'
import { createDelivery } from './delivery.ts'
import type { Decider } from './settlement.ts'

/** What follows one attempt. */
export type AttemptWatch = {
  readonly attempt: AttemptRow
  /** Called now and then: sends the same bytes again when nothing was heard of them. */
  readonly tick: (sealedHeight: number) => void
  /** The chain went backwards: the reference block may be gone. */
  readonly recheck: () => void
  readonly wasSent: () => boolean
  readonly holdsKey: () => boolean
  readonly stop: () => void
}

/** Blocks after the expiry until a node is believed that has not seen the transaction. */
const EXPIRY_MARGIN = 30
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000

/**
 * Sends the stored bytes and follows them. Never signs. What fails on the way is tried again, here
 * or, when this process ends, by the one that adopts the attempt.
 *
 * @param adopted - Another process may have sent it.
 * @param onKeyFreed - Called when its proposal key is settled.
 * @param onOver - Called when it is settled, or lost to another process.
 */
export function watchAttempt(
  core: RelayCore,
  decide: Decider,
  attempt: AttemptRow & { readonly adopted: boolean; readonly signedAt: number },
  onKeyFreed: () => void,
  onOver: () => void,
): AttemptWatch {
  const { transactionId, referenceHeight, fence, jobIds } = attempt
  const { tell, signal, follower, settings } = core
  const transaction = decodeTransaction(attempt.transaction)
  const delivery = createDelivery(core, {
    prepared: prepareTransaction(transaction),
    mayBeTaken: attempt.adopted,
    isWanted: () => !over && outcome === undefined && !isExpired(),
    onRefused(kind, reason) {
      refusal = { kind, reason }
      advance()
    },
  })
  let over = false
  let outcome: TransactionOutcome | undefined
  let refusal: { readonly kind: Refusal; readonly reason: string } | undefined
  let keySettled = attempt.blockHeight !== null
  let uncertain = false
  let sealedHeight = 0
  let working = false
  let again = false
  let failures = 0
  let retryAt = 0
  let unwatch: () => void = () => undefined

  const isExpired = () =>
    sealedHeight > referenceHeight + settings.transactionExpiry + EXPIRY_MARGIN

  function stop(): void {
    if (over) return
    over = true
    unwatch()
    onOver()
  }

  async function settle(settlement: Omit<AttemptSettlement, 'transactionId'>): Promise<void> {
    const kept = await core.settle({ ...settlement, transactionId, fence })
    if (settlement.key !== undefined) core.pool.noteFreed()
    if (!kept) return stop() // another process goes on with it
    tellSettled(settlement)
    if (settlement.key !== undefined) keySettled = true
    if (settlement.key !== undefined) onKeyFreed()
    core.notify(jobIds)
    if (settlement.state !== 'executed') stop()
  }

  function tellSettled({ state, jobs }: Omit<AttemptSettlement, 'transactionId'>): void {
    if (state === 'dead')
      tell({ kind: 'dead', transactionId, reason: refusal?.reason ?? 'expired' })
    for (const job of jobs) {
      if (job.state === 'done')
        tell({ kind: 'done', jobId: job.id, transactionId: job.transactionId ?? null })
      else if (job.state !== 'in-flight')
        tell({
          kind: job.state === 'queued' ? 'requeued' : job.state,
          jobId: job.id,
          transactionId,
          code: job.errorCode ?? codeOfState(state),
          reason: job.reason ?? '',
        })
    }
  }

  async function step(): Promise<void> {
    if (outcome !== undefined) return outcome.sealed ? onSealed(outcome) : onExecuted(outcome)
    if (refusal !== undefined) return settle(decide.refused(attempt, refusal.kind, refusal.reason))
    if (uncertain) {
      const id = bytesToHex(transaction.referenceBlockId)
      if (!(await blockExists(askedNodes(core).node, id, { signal }))) return onUnseen()
      uncertain = false
    }
    if (isExpired()) await onUnseen()
  }

  async function onExecuted(executed: TransactionOutcome): Promise<void> {
    if (keySettled) return
    const settlement = decide.executed(attempt, executed)
    if (settlement !== undefined) await settle(settlement)
  }

  async function onSealed(sealed: TransactionOutcome): Promise<void> {
    const { second } = askedNodes(core)
    if (second !== undefined) {
      const block = await readBlockResults(second, sealed.height, { signal })
      const theirs = block?.results.get(transactionId)
      if (block === undefined || !block.sealed) return retryLater() // it lags
      if (theirs === undefined || (theirs.reason === '') !== (sealed.reason === ''))
        return onDisagreement(sealed.height)
    }
    await settle(await decide.sealed(attempt, sealed, keySettled))
  }

  /** Either may be wrong: what was told is read again, and nothing is told until both say the same. */
  async function onDisagreement(height: number): Promise<void> {
    const block = await readBlockResults(askedNodes(core).node, height, { signal })
    outcome = block?.results.get(transactionId)
    if (outcome === undefined) watchBlocks()
    disagree(`about transaction ${transactionId}`)
  }

  /** No block up to the sealed height has it, and none can take it any more. */
  async function onUnseen(): Promise<void> {
    const { node, second } = askedNodes(core)
    const asked = [node, ...(second === undefined ? [] : [second])]
    // A block may have been told without it: one last question, for this one alone.
    const [single, ...others] = await Promise.all(
      asked.map((one) => readSingleResult(one, transactionId, { signal })),
    )
    if (single?.kind === 'executed') {
      const foundAt = await readBlockHeight(node, single.blockId, { signal })
      if (foundAt === undefined) return retryLater()
      outcome = single.at(foundAt)
      return advance()
    }
    if (others.some(({ kind }) => kind === 'executed'))
      return disagree(`about transaction ${transactionId}`)
    const height = sealedHeight === 0 ? {} : { height: sealedHeight }
    const keys = await Promise.all(
      asked.map((one) =>
        readAccountKey(one, attempt.address, attempt.keyIndex, { ...height, signal }),
      ),
    )
    const numbers = new Set(keys.map(({ sequenceNumber }) => sequenceNumber))
    const [onChain] = numbers
    if (onChain === undefined || numbers.size > 1)
      return disagree(`about the key of transaction ${transactionId}`)
    // While the reference block is in doubt it was told already, and perhaps resumed since.
    if (onChain < attempt.sequenceNumber && !uncertain)
      core.hold.set('CHAIN_WENT_BACKWARDS', 'a sequence number is lower than it was')
    await settle(await decide.dead(attempt, onChain, sealedHeight))
  }

  function disagree(reason: string): void {
    core.hold.set('NODES_DISAGREE', reason)
    retryLater()
  }

  function retryLater(): void {
    failures += 1
    const pauseMs = doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, failures)
    retryAt = performance.now() + pauseMs
    pause(pauseMs, signal).then(advance, () => undefined)
  }

  /** Does what is due, one step at a time. */
  function advance(): void {
    again = true
    if (working) return
    working = true
    void drain().finally(() => {
      working = false
    })
  }

  async function drain(): Promise<void> {
    while (again && !over && !signal.aborted) {
      again = false
      try {
        await step()
        failures = 0
      } catch (thrown) {
        if (signal.aborted) return
        tell({ kind: 'trouble', code: codeOf(thrown), where: 'settle' })
        retryLater()
      }
    }
  }

  function watchBlocks(): void {
    unwatch()
    unwatch = follower.watch({ transactionId, fromHeight: referenceHeight }, (told) => {
      outcome = told.outcome
      const { height, errorCodes } = told.outcome
      const failed = told.outcome.reason !== ''
      const { adopted, signedAt } = attempt
      const sinceSignedMs = performance.now() - signedAt
      const facts = { height, failed, errorCodes, adopted, sinceSignedMs }
      tell({ kind: told.kind, transactionId, jobIds, ...facts })
      advance()
    })
  }

  watchBlocks() // before it is sent, or a block could take it unseen
  delivery.start()

  return {
    attempt,
    tick(height) {
      sealedHeight = height
      const isDue = isExpired() && performance.now() >= retryAt
      if (isDue) advance()
      else if (delivery.quietMs() > settings.resendMs) delivery.start()
    },
    recheck() {
      if (outcome?.sealed === false) outcome = undefined // its block may be gone
      uncertain = true
      advance()
    },
    holdsKey: () => !keySettled,
    wasSent: () => delivery.mayBeTaken() || refusal !== undefined,
    stop,
  }
}

/** Why a job without a code of its own goes into another transaction. */
const codeOfState = (state: AttemptSettlement['state']) =>
  state === 'dead' ? 'TRANSACTION_EXPIRED' : 'TRANSACTION_FAILED'
