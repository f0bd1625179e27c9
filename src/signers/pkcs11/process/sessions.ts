/** Sessions of a token: one signature at a time in each, and none used again after an error. @module */

import type { Handle } from 'pkcs11js'

/** Lends sessions. */
export type Sessions = {
  /** Waits until one is free. Rejects when none can be opened and none is lent. */
  readonly take: () => Promise<Handle>
  readonly giveBack: (session: Handle) => void
  /** Instead of `giveBack`, after an error: an operation may be left over in it. */
  readonly discard: (session: Handle) => void
}

/** @param most - Fewer where the token allows fewer. */
export function createSessions(
  { open, close }: { open: () => Handle; close: (session: Handle) => void },
  most: number,
): Sessions {
  const free: Handle[] = []
  const waiting: { resolve: (session: Handle) => void; reject: (thrown: unknown) => void }[] = []
  let made = 0

  function more(): Handle | undefined {
    if (made >= most) return undefined
    try {
      const session = open()
      made += 1
      return session
    } catch (thrown) {
      if (made === 0) throw thrown
      return undefined // the token has no more; those that are lent come back
    }
  }

  return Object.freeze({
    async take() {
      const session = free.pop() ?? more()
      if (session !== undefined) return session
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    giveBack(session) {
      const next = waiting.shift()
      if (next === undefined) free.push(session)
      else next.resolve(session)
    },
    discard(session) {
      made -= 1
      try {
        close(session)
      } catch {
        // gone already
      }
      const next = waiting.shift()
      if (next === undefined) return
      try {
        const fresh = more()
        if (fresh === undefined) waiting.unshift(next)
        else next.resolve(fresh)
      } catch (thrown) {
        for (const { reject } of [next, ...waiting.splice(0)]) reject(thrown) // none is left
      }
    },
  } satisfies Sessions)
}
