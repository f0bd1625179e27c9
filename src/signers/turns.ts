/** Waits of one call on this side, for a socket or for the quota: no time of the backend. @module */

import { type Clock, onceAborted, withDeadline } from '../deadline.ts'
import type { CallQueue, QueuedCall } from './call-queue.ts'
import type { SignPace } from './signer.ts'

/** A turn of the quota is for its moment; many kept for later would be used in one. Milliseconds. */
export const TURN_KEEPS_MS = 1_000

/** How a call stood when it had waited as long as it may. */
export type TurnTimeout = {
  readonly waitedFor: 'socket' | 'quota'
  /** Calls in the line for sockets. */
  readonly waiting: number
  readonly callsAtOnce: number
  readonly waitedMs: number
}

/** What a call waits for, and how long. */
export type TurnsOptions = {
  readonly queue: () => Promise<CallQueue>
  /** For all waits of the call together, in milliseconds. */
  readonly queueTimeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Of the quota; its turn was taken for the first request. */
  readonly pace?: SignPace | undefined
  /** Stands still meanwhile. */
  readonly clock: Clock
  readonly onTimeout: (facts: TurnTimeout) => Error
}

/** The turns of one call, which may be sent more than once. */
export type Turns = {
  /** @returns Gives the turn back; the second time it does nothing. */
  readonly ofSocket: () => Promise<() => void>
  readonly ofQuota: () => Promise<void>
  readonly waitedMs: () => number
}

/** Its waits reject with the caller's `signal.reason`, or with what `onTimeout` makes. */
export function createTurns(options: TurnsOptions): Turns {
  const { queueTimeoutMs, signal, pace, clock } = options
  let queued: { readonly queue: CallQueue; readonly call: QueuedCall } | undefined
  let waitedMs = 0

  async function wait<T>(
    waitedFor: TurnTimeout['waitedFor'],
    turn: (abort: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const started = performance.now()
    const onTimeout = () =>
      options.onTimeout({
        waitedFor,
        waiting: queued?.queue.waiting() ?? 0,
        callsAtOnce: queued?.queue.limit() ?? 0,
        waitedMs: Math.round(waitedMs + performance.now() - started),
      })
    const timeoutMs = queueTimeoutMs - waitedMs
    try {
      return await clock.outside(() => withDeadline({ signal, timeoutMs, onTimeout }, turn))
    } finally {
      waitedMs += performance.now() - started
    }
  }

  return {
    ofSocket: () =>
      wait('socket', async (abort) => {
        const queue = await options.queue()
        queued ??= { queue, call: queue.join() }
        const giveBack = await queued.call.turn(abort)
        // Who stops waiting from here on never gets it.
        if (abort.aborted) giveBack()
        onceAborted(abort, giveBack)
        return giveBack
      }),
    ofQuota: async () => wait('quota', async (abort) => pace?.nextTurn(abort)),
    waitedMs: () => waitedMs,
  }
}
