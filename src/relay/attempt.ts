/** One signed transaction: sent until a block takes it, and settled by what the chain says. @module */

import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { codeOf } from '../errors.ts'
import { type PreparedTransaction, prepareTransaction } from '../flow/post-transaction.ts'
import { createLoop, type Loop } from '../loop.ts'
import { doubling } from '../retry.ts'
import type { AttemptRow } from '../stores/store.ts'
import type { RelayCore } from './core.ts'
import { createDelivery, type Delivery } from './delivery.ts'
import type { Inquiry } from './inquiry.ts'
import { isExpired, isVain, learn, type Progress } from './learning.ts'
import type { Settling } from './settling.ts'

/** What follows one attempt. */
export type AttemptWatch = {
  readonly attempt: AttemptRow
  /** Called now and then: sends the same bytes again when nothing was heard of them. */
  readonly tick: (sealedHeight: number) => void
  /** The chain went backwards: the reference block may be gone. */
  readonly recheck: () => void
  /** Its proposal key was settled. */
  readonly noteKeySettled: () => void
  readonly wasSent: () => boolean
  readonly holdsKey: () => boolean
  readonly stop: () => void
}

/** An attempt, and how this process came by it. */
export type WatchedAttempt = AttemptRow & {
  /** Another process may have sent it. */
  readonly adopted: boolean
  /** By `performance.now()`. */
  readonly signedAt: number
}

/** What all attempts of a relay are followed with. */
export type AttemptParts = {
  readonly core: RelayCore
  readonly inquiry: Inquiry
  readonly settling: Settling
}

const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
/** Without a word of it the reference block is looked at so often, in milliseconds. */
const SILENCE_MS = 60_000

/**
 * Sends the stored bytes and follows them. Never signs. What fails on the way is tried again, here
 * or, when this process ends, by the one that adopts the attempt.
 *
 * @param onOver - Called when it is settled, or lost to another process.
 */
export function watchAttempt(
  parts: AttemptParts,
  attempt: WatchedAttempt,
  onOver: () => void,
): AttemptWatch {
  const { core, settling } = parts
  const progress = beginning(attempt)
  const readable = read(attempt)
  let over = false
  let looks = 0
  let lookAt = 0

  const stop = () => {
    if (over) return
    over = true
    loop.stop()
    blocks.stop()
    onOver()
  }
  /** Told of something new, it looks at once; by the clock alone it does not hurry. */
  const wakeInTime = () => {
    if (performance.now() >= lookAt) loop.wake()
  }
  const rest = (): number => {
    looks += 1
    const pauseMs = doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, Math.min(looks, 10))
    lookAt = performance.now() + pauseMs
    return pauseMs
  }

  async function turn(): Promise<number | undefined> {
    const learned = readable
      ? await learn(parts, attempt, readable.referenceBlockId, progress)
      : ({ kind: 'facts', facts: { seen: 'unreadable' } } as const)
    if (learned.kind === 'wait') looks = 0
    if (learned.kind === 'wait') return undefined
    if (learned.kind === 'again') return 0
    if (learned.kind === 'later') return rest()
    const { facts } = learned
    if ((await settling.settle(attempt, facts)) === 'over') stop()
    // Held without a settlement: an operator says whether the chain is to be believed.
    else if (facts.key === null || facts.seen === 'lower') progress.doubt = 'held'
    if (facts.seen === 'disagreement' && progress.outcome === undefined) blocks.watch()
    return facts.seen === 'executed' ? undefined : rest()
  }

  const loop: Loop = createLoop({
    isNeeded: () => !over && !core.signal.aborted,
    turn,
    onFailure(thrown, failures) {
      if (!core.signal.aborted)
        core.tell({ kind: 'trouble', code: codeOf(thrown), where: 'settle' })
      return doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, failures)
    },
  })
  const blocks = watchBlocks(core, attempt, progress, loop.wake)
  const isWanted = () => !over && progress.outcome === undefined && !isExpired(progress, core)
  const delivery =
    readable && deliver(core, attempt, readable.prepared, progress, isWanted, loop.wake)

  blocks.watch() // before it is sent, or a block could take it unseen
  loop.start()
  delivery?.start()

  return {
    attempt,
    tick(height) {
      progress.sealedHeight = height
      const isSilent = delivery !== undefined && delivery.quietMs() > core.settings.resendMs
      if (isSilent) doubt(progress, 'silence')
      if (isExpired(progress, core) || isVain(progress, core) || progress.doubt !== 'none')
        wakeInTime()
      if (isSilent && !isExpired(progress, core)) delivery.start()
    },
    recheck() {
      if (progress.outcome?.told.sealed === false) progress.outcome = undefined // may be gone
      doubt(progress, 'told')
      loop.wake()
    },
    noteKeySettled() {
      progress.keySettled = true
    },
    holdsKey: () => !progress.keySettled,
    wasSent: () =>
      delivery === undefined || delivery.mayBeTaken() || progress.refusal !== undefined,
    stop,
  }
}

const beginning = ({ blockHeight, referenceHeight }: WatchedAttempt): Progress => ({
  outcome: undefined,
  refusal: undefined,
  keySettled: blockHeight !== null,
  referenceHeight,
  sealedHeight: 0,
  doubt: 'none',
  doubtAt: Number.NEGATIVE_INFINITY,
  computeNoted: false,
  differences: 0,
  differentAt: 0,
})

/** That the chain went back is not doubted less because nothing is heard. */
function doubt(progress: Progress, kind: 'silence' | 'told'): void {
  if (kind === 'silence') {
    const isRecent = performance.now() - progress.doubtAt < SILENCE_MS
    if (progress.doubt !== 'none' || isRecent) return
  }
  progress.doubt = kind
  progress.doubtAt = performance.now()
}

/** @returns `undefined` for what no node would take: it would stop every start that adopts it. */
function read({ transaction }: AttemptRow) {
  try {
    const decoded = decodeTransaction(transaction)
    const prepared = prepareTransaction(decoded)
    return { prepared, referenceBlockId: decoded.referenceBlockId }
  } catch {
    return undefined
  }
}

function deliver(
  core: RelayCore,
  { adopted, jobIds }: WatchedAttempt,
  prepared: PreparedTransaction,
  progress: Progress,
  isWanted: () => boolean,
  wake: () => void,
): Delivery {
  return createDelivery(core, {
    prepared,
    mayBeTaken: adopted,
    isWanted,
    // What fails is not signed again, so that one word is enough.
    needsSecond: (refusal) => refusal !== 'invalid' || jobIds.length > 1,
    onRefused(kind, reason) {
      progress.refusal = { kind, reason }
      wake()
    },
  })
}

function watchBlocks(
  { follower, tell }: RelayCore,
  attempt: WatchedAttempt,
  progress: Progress,
  wake: () => void,
): { readonly watch: () => void; readonly stop: () => void } {
  const { transactionId, referenceHeight, jobIds, adopted, signedAt } = attempt
  const toldOf = new Set<string>()
  let stop: () => void = () => undefined
  const watch = () => {
    stop()
    stop = follower.watch({ transactionId, fromHeight: referenceHeight }, (event) => {
      const { kind, outcome, toldBy } = event
      progress.outcome = { told: outcome, by: toldBy }
      const { height, errorCodes } = outcome
      const failed = outcome.reason !== ''
      const sinceSignedMs = performance.now() - signedAt
      const facts = { height, failed, errorCodes, adopted, sinceSignedMs }
      // What was read again because nodes differed is no news.
      if (!toldOf.has(kind)) tell({ kind, transactionId, jobIds, ...facts })
      toldOf.add(kind)
      wake()
    })
  }
  return { watch, stop: () => stop() }
}
