/** From what blocks and nodes say of one attempt to the facts that decide it. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { blockExists, readBlockHeight } from '../flow/blocks.ts'
import type { NodeConnection } from '../flow/http.ts'
import { readSingleResult, type TransactionOutcome } from '../flow/transaction-outcome.ts'
import { EXPIRY_MARGIN } from '../proposal-keys/expiry.ts'
import type { AttemptRow } from '../stores/store.ts'
import type { RelayCore } from './core.ts'
import { type Facts, outcomeFact } from './facts.ts'
import type { Inquiry } from './inquiry.ts'
import type { Settling } from './settling.ts'

/** What is known of one attempt so far. */
export type Progress = {
  outcome: { readonly told: TransactionOutcome; readonly by: NodeConnection } | undefined
  refusal: Facts['refusal'] | undefined
  keySettled: boolean
  /** Of its reference block: what was stored, until the nodes say otherwise. */
  referenceHeight: number
  /** Known to be sealed; 0 until one is. */
  sealedHeight: number
  /**
   * Whether its reference block may be on the chain no more.
   * - `silence`: no block has it for long.
   * - `held`: the relay is held for it, and an operator looks.
   * - `told`: the chain went back, and that was told.
   */
  doubt: 'none' | 'silence' | 'held' | 'told'
  /** When the doubt began. By `performance.now()`. */
  doubtAt: number
  /** Whether what it has used was counted. */
  computeNoted: boolean
  /** Looks in a row at which two nodes differed, and when that began. By `performance.now()`. */
  differences: number
  differentAt: number
}

/** What a look has come to. */
export type Learned =
  | { readonly kind: 'facts'; readonly facts: Facts }
  /** Nothing is due. */
  | { readonly kind: 'wait' }
  /** More is known now: look at once. */
  | { readonly kind: 'again' }
  /** Nodes differ, and one of them may only lag. */
  | { readonly kind: 'later' }

/** A node may lag behind another by a block or two: so many looks are no disagreement. */
const MAX_DIFFERENCES = 3
/** And so long, in milliseconds, from the first of them. */
const MIN_DIFFERENT_MS = 3_000
/** Sealed blocks after one that a node told to be executed, until it is asked for again. */
const MAX_UNSEALED = 100
/** A node may lag so long, in milliseconds, before the chain is said to be lower. */
const LOWER_AFTER_MS = 60_000

const facts = (found: Facts): Learned => ({ kind: 'facts', facts: found })

/** Whether its reference block is too old for any node to take it. */
export const isExpired = (
  { referenceHeight, sealedHeight }: Progress,
  { settings }: RelayCore,
): boolean => sealedHeight > referenceHeight + settings.transactionExpiry + EXPIRY_MARGIN

/**
 * A block was told to have executed it, and is not sealed though blocks long after it are: whoever
 * told that was wrong, or told of a block that is no more.
 */
export function isVain({ outcome, sealedHeight }: Progress, core: RelayCore): boolean {
  if (outcome === undefined || outcome.told.sealed) return false
  return (
    sealedHeight > outcome.told.height + Math.min(MAX_UNSEALED, core.settings.transactionExpiry)
  )
}

/** One look. Changes `progress`, and asks only what is due. */
export async function learn(
  parts: { readonly core: RelayCore; readonly inquiry: Inquiry; readonly settling: Settling },
  attempt: AttemptRow,
  referenceBlockId: Uint8Array,
  progress: Progress,
): Promise<Learned> {
  const { refusal, keySettled } = progress
  // What an operator was asked about and let go on is answered.
  if (progress.doubt === 'held' && parts.core.hold.current() === undefined) progress.doubt = 'told'
  if (isVain(progress, parts.core)) progress.outcome = undefined
  const { outcome } = progress
  if (outcome?.told.sealed) return learnSealed(parts, attempt, progress, outcome)
  if (outcome !== undefined) {
    const fact = outcomeFact(outcome.told, parts.core.address)
    return keySettled ? { kind: 'wait' } : facts({ seen: 'executed', outcome: fact })
  }
  if (refusal !== undefined) return facts({ seen: 'refused', refusal })
  if (progress.doubt === 'none' && !isExpired(progress, parts.core)) return { kind: 'wait' }
  return learnUnseen(parts, attempt, bytesToHex(referenceBlockId), progress)
}

type Parts = Parameters<typeof learn>[0]

async function learnSealed(
  { core, inquiry, settling }: Parts,
  attempt: AttemptRow,
  progress: Progress,
  { told, by }: NonNullable<Progress['outcome']>,
): Promise<Learned> {
  const { transactionId } = attempt
  if (!(await inquiry.confirm(by, told))) {
    progress.outcome = undefined // either may be wrong: it is read again
    return facts({ seen: 'disagreement', about: `about transaction ${transactionId}` })
  }
  const outcome = outcomeFact(told, core.address)
  if (!progress.computeNoted) settling.noteCompute(attempt, outcome, told)
  progress.computeNoted = true
  const known: Facts = {
    seen: 'sealed',
    outcome,
    keySettled: progress.keySettled,
    mayDeclareMore: settling.mayDeclareMore(attempt),
    toldBackwards: progress.doubt === 'told',
  }
  return complete(inquiry, attempt, known, Math.max(told.height, progress.sealedHeight), progress)
}

async function learnUnseen(
  { core, inquiry }: Parts,
  attempt: AttemptRow,
  referenceBlockId: string,
  progress: Progress,
): Promise<Learned> {
  const { settings } = core
  const { doubt, sealedHeight } = progress
  // While nothing speaks against it one look of one node is enough: nothing is signed again for it.
  if (doubt === 'silence' && !isExpired(progress, core) && (await stands(core, referenceBlockId))) {
    progress.doubt = 'none'
    return { kind: 'wait' }
  }
  const { transactionExpiry } = settings
  const mayBeGone = doubt === 'told'
  const request = { attempt, referenceBlockId, transactionExpiry, sealedHeight, mayBeGone }
  const weighed = await inquiry.unseen(request).catch((thrown: unknown) => {
    const isLong = performance.now() - progress.doubtAt > LOWER_AFTER_MS
    if (doubt !== 'silence' || !isLong || !isLowerThan(core, attempt)) throw thrown
    return undefined
  })
  if (weighed === undefined) return facts({ seen: 'lower' })
  if (weighed.kind === 'executed') return learnExecuted(core, attempt, progress)
  if (weighed.kind === 'differ') return differ(weighed.about, progress)
  if (weighed.kind === 'open') {
    progress.doubt = 'none'
    progress.referenceHeight = weighed.referenceHeight
    return { kind: 'wait' }
  }
  const { keySettled } = progress
  const toldBackwards = doubt === 'told'
  const known: Facts = { seen: 'never', toldBackwards, keySettled, ...weighed.facts }
  return complete(inquiry, attempt, known, sealedHeight, progress)
}

const stands = ({ follower, signal }: RelayCore, blockId: string): Promise<boolean> =>
  blockExists(follower.node(), blockId, { signal })

/** The height of the followed node is lower than the block that the transaction refers to. */
function isLowerThan({ follower }: RelayCore, { referenceHeight }: AttemptRow): boolean {
  const { finalizedHeight } = follower.stats()
  return finalizedHeight !== undefined && finalizedHeight < referenceHeight
}

/** A block may have been told without it: the followed node is asked for this one alone. */
async function learnExecuted(
  { follower, signal }: RelayCore,
  { transactionId }: AttemptRow,
  progress: Progress,
): Promise<Learned> {
  const by = follower.node()
  const single = await readSingleResult(by, transactionId, { signal })
  if (single.kind !== 'executed') return differ(`about transaction ${transactionId}`, progress)
  const height = await readBlockHeight(by, single.blockId, { signal })
  if (height === undefined) return { kind: 'later' }
  progress.outcome = { told: single.at(height), by }
  return { kind: 'again' }
}

async function complete(
  inquiry: Inquiry,
  attempt: AttemptRow,
  known: Facts,
  to: number,
  progress: Progress,
): Promise<Learned> {
  const word = await inquiry.complete(attempt, known, to)
  if ('differ' in word) return differ(word.differ, progress)
  // Nor is the chain said to have lost a key because one answer did not have it.
  if (word.value.key === null && !isCertain(progress)) return { kind: 'later' }
  progress.differences = 0
  return facts(word.value)
}

function differ(about: string, progress: Progress): Learned {
  return isCertain(progress) ? facts({ seen: 'disagreement', about }) : { kind: 'later' }
}

/** Whether it was so often enough, and for long enough, to be no lag. Counts this look. */
function isCertain(progress: Progress): boolean {
  if (progress.differences === 0) progress.differentAt = performance.now()
  progress.differences += 1
  const isLong = performance.now() - progress.differentAt > MIN_DIFFERENT_MS
  return isLong && progress.differences >= MAX_DIFFERENCES
}
