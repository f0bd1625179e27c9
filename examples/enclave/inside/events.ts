/** What the enclave has to say to its parent: in order, some of it, and never a reason to wait. @module */

import type { AskParent } from './parent.ts'

const TIMEOUT_MS = 2_000
const MAX_WAITING = 256

/** A way to the parent's log. */
export type Events = {
  /** Never throws, and waits for nothing. When 256 wait, the newest is dropped, and counted. */
  readonly tell: (event: object) => void
  /** Waits for what was told, two seconds at most. */
  readonly flush: () => Promise<void>
}

export function createEvents(ask: AskParent): Events {
  const waiting: object[] = []
  let dropped = 0
  let sending: Promise<void> | undefined

  async function send(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      const before = dropped
      const told = before === 0 ? event : { ...event, droppedBefore: before }
      const question = { version: 1, event: told }
      const options = { timeoutMs: TIMEOUT_MS, isRepeatable: true } // rather twice than never
      const answer = await ask('/events', question, options).catch(() => undefined)
      dropped = answer?.status === 200 ? dropped - before : dropped + 1
    }
    sending = undefined
  }

  return {
    tell(event) {
      if (waiting.length >= MAX_WAITING) dropped += 1
      else waiting.push(event)
      sending ??= send()
    },
    async flush() {
      let timer: NodeJS.Timeout | undefined
      const over = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, TIMEOUT_MS)
      })
      await Promise.race([sending, over])
      clearTimeout(timer)
    },
  }
}
