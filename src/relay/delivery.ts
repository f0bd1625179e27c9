/** Sending the bytes of one transaction until a node has taken them. @module */

import { pause } from '../deadline.ts'
import { codeOf, shownNode } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import { type PreparedTransaction, postTransaction } from '../flow/post-transaction.ts'
import type { Refusal } from '../flow/refusals.ts'
import { doubling } from '../retry.ts'
import type { RelayCore } from './core.ts'

/** The sending of one transaction. */
export type Delivery = {
  /** Sends until a node has taken the bytes; nothing while that is under way. */
  readonly start: () => void
  /** Whether a node may have them. */
  readonly mayBeTaken: () => boolean
  /** Milliseconds since they were sent last. */
  readonly quietMs: () => number
}

/** Of the hold while all nodes turn transactions away. */
const DENIED = 'ACCESS_NODE_DENIES'
const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
/** A node that limits without saying for how long. */
const LIMITED_MS = 1_000

/**
 * Always the same bytes, to whichever node has a turn.
 *
 * @param options - `isWanted`: false ends the sending. `onRefused`: no node has taken the bytes, for
 * certain, and this one never will. `needsSecond`: the word of one node is not enough for it.
 */
export function createDelivery(
  {
    tell,
    signal,
    budget,
    hold,
    nodes,
  }: Pick<RelayCore, 'tell' | 'signal' | 'budget' | 'hold' | 'nodes'>,
  options: {
    readonly prepared: PreparedTransaction
    readonly mayBeTaken: boolean
    readonly isWanted: () => boolean
    readonly onRefused: (refusal: Refusal, reason: string) => void
    readonly needsSecond: (refusal: Refusal) => boolean
  },
): Delivery {
  const { prepared, isWanted } = options
  const { transactionId } = prepared
  let mayBeTaken = options.mayBeTaken
  let sends = 0
  let sentAt = performance.now()
  let sending = false
  /** Nodes that refused it. */
  const refusing = new Set<string>()
  /** Nodes that turned it away since the sending began. */
  const denying = new Set<string>()

  /** By all of them: a single one is left alone, and the others are sent to. */
  function noteDenied(node: NodeConnection, status: number | undefined): void {
    denying.add(node.url)
    if (denying.size < nodes.length || hold.current()?.code === DENIED) return
    hold.set(DENIED, `${shownNode(node.url)} answers HTTP ${status}`)
  }

  /** One that has not said its chain yet is sent nothing: so it took nothing. */
  async function isAdmitted(node: NodeConnection): Promise<boolean> {
    try {
      await node.admit?.(signal)
      return true
    } catch {
      signal.throwIfAborted()
      return false
    }
  }

  async function send(): Promise<void> {
    denying.clear()
    for (let tries = 1; isWanted(); tries++) {
      const node = await budget.next(signal)
      if (!isWanted()) return
      if (!(await isAdmitted(node))) {
        budget.penalise(node, MAX_PAUSE_MS)
        continue
      }
      const started = performance.now()
      sends += 1
      const result = await postTransaction(node, prepared, { signal })
      const { verdict, refusal, reason, retryAfterMs } = result
      sentAt = performance.now()
      const facts = { attempt: sends, sendMs: sentAt - started }
      tell({
        kind: 'sent',
        transactionId,
        accessNode: shownNode(node.url),
        verdict,
        reason,
        ...facts,
      })
      // After an earlier send that may have been taken, a refusal proves nothing: the chain tells.
      if (refusal !== undefined) {
        if (mayBeTaken) return
        refusing.add(node.url)
        const isEnough = refusing.size >= Math.min(2, nodes.length)
        if (isEnough || !options.needsSecond(refusal)) return options.onRefused(refusal, reason)
        budget.penalise(node, doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, tries)) // another is asked
        continue
      }
      // Even one that limits or denies: what stands before it may have asked it all the same.
      if (verdict !== 'busy') mayBeTaken = true
      if (verdict === 'taken') return
      if (verdict === 'denied') noteDenied(node, result.status)
      const pauseMs = doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, tries)
      // A node may ask for no wait at all, and limit all the same.
      if (verdict === 'limited')
        budget.penalise(node, Math.max(retryAfterMs ?? LIMITED_MS, pauseMs))
      // The others get its work.
      if (verdict === 'unknown' || verdict === 'denied') budget.penalise(node, pauseMs)
      if (verdict !== 'limited') await pause(Math.random() * pauseMs, signal)
    }
  }

  return {
    start() {
      if (sending || !isWanted()) return
      sending = true
      void send()
        .catch((thrown: unknown) => {
          const code = codeOf(thrown)
          if (!signal.aborted) tell({ kind: 'trouble', code, where: 'send' })
        })
        .finally(() => {
          sending = false
        })
    },
    mayBeTaken: () => mayBeTaken,
    quietMs: () => performance.now() - sentAt,
  }
}
