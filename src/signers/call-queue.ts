/** Calls of one backend, no more at once than it takes: the others wait here. @module */

import { onceAborted } from '../deadline.ts'

/** One call, which may be sent more than once. */
export type QueuedCall = {
  /**
   * Waits until it may be sent. A call that had a turn before goes before all that had none, since
   * it is older. Rejects with `signal.reason`.
   *
   * @returns Gives the turn back; the second time it does nothing.
   */
  readonly turn: (signal: AbortSignal) => Promise<() => void>
}

/** First come, first served. */
export type CallQueue = {
  readonly join: () => QueuedCall
  /** Calls that wait for a turn. */
  readonly waiting: () => number
  /** Calls that may be on their way at once. */
  readonly limit: () => number
}

/** @param limit - Asked whenever somebody comes or goes. */
export function createCallQueue(limit: () => number): CallQueue {
  const returned = new Set<() => void>() // sets keep the order of insertion
  const fresh = new Set<() => void>()
  let running = 0
  const waiting = () => returned.size + fresh.size

  function pump(): void {
    while (running < limit() && waiting() > 0) {
      const line = returned.size > 0 ? returned : fresh
      const [go] = line
      if (go === undefined) return
      line.delete(go)
      running += 1
      go()
    }
  }

  function taken(): () => void {
    let mine = true
    return () => {
      if (!mine) return
      mine = false
      running -= 1
      pump()
    }
  }

  async function turn(line: Set<() => void>, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    let stopListening: () => void = () => undefined
    const given = new Promise<() => void>((resolve, reject) => {
      const go = () => resolve(taken())
      line.add(go)
      stopListening = onceAborted(signal, (reason) => {
        // At once: nobody may be let go who has left.
        if (line.delete(go)) reject(reason)
      })
      pump()
    })
    try {
      const giveBack = await given
      if (signal.aborted) giveBack() // it left in the moment in which it was let go
      signal.throwIfAborted()
      return giveBack
    } finally {
      stopListening()
    }
  }

  return Object.freeze({
    join() {
      let hadTurn = false
      return Object.freeze({
        async turn(signal: AbortSignal) {
          const giveBack = await turn(hadTurn ? returned : fresh, signal)
          hadTurn = true
          return giveBack
        },
      })
    },
    waiting,
    limit,
  } satisfies CallQueue)
}
