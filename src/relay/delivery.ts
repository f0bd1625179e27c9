/** Sending the bytes of one transaction until a node has taken them. @module */

import { pause } from '../deadline.ts'
import { codeOf } from '../errors.ts'
import { postTransaction } from '../flow/post-transaction.ts'
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

const MIN_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000
/** A node that limits without saying for how long. */
const LIMITED_MS = 1_000

/**
 * Always the same bytes, to whichever node has a turn.
 *
 * @param options - `isWanted`: false ends the sending. `onRefused`: no node has taken the bytes, for
 * certain, and this one never will.
 */
export function createDelivery(
  { tell, signal, budget }: RelayCore,
  options: {
    readonly transactionId: string
    readonly body: string
    readonly mayBeTaken: boolean
    readonly isWanted: () => boolean
    readonly onRefused: (reason: string) => void
  },
): Delivery {
  const { transactionId, body, isWanted } = options
  let mayBeTaken = options.mayBeTaken
  let sends = 0
  let sentAt = performance.now()
  let sending = false

  async function send(): Promise<void> {
    for (let tries = 1; isWanted(); tries++) {
      const node = await budget.next(signal)
      if (!isWanted()) return
      const started = performance.now()
      sends += 1
      const { verdict, reason, retryAfterMs } = await postTransaction(node, body, { signal })
      sentAt = performance.now()
      const facts = { attempt: sends, sendMs: sentAt - started }
      tell({ kind: 'sent', transactionId, accessNode: node.url, verdict, reason, ...facts })
      if (verdict === 'taken' || verdict === 'unknown') mayBeTaken = true
      if (verdict === 'taken') return
      // After an earlier send that may have been taken, a refusal proves nothing: the chain tells.
      if (verdict === 'refused') return mayBeTaken ? undefined : options.onRefused(reason)
      const pauseMs = doubling(MIN_PAUSE_MS, MAX_PAUSE_MS, tries)
      if (verdict === 'limited') budget.penalise(node, retryAfterMs ?? LIMITED_MS)
      if (verdict === 'unknown') budget.penalise(node, pauseMs) // the others get its work
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
