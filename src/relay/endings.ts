/** What was begun, and how each of it is ended: for a start that fails as for a close. @module */

/** Ends what was begun. */
export type Endings = {
  /** @param end - Ends what was begun just now. */
  readonly add: (end: () => void | Promise<void>) => void
  /** Ends all of it, the newest first, whatever one of them throws. Never rejects. */
  readonly run: () => Promise<void>
}

export function createEndings(): Endings {
  const endings: (() => void | Promise<void>)[] = []
  return Object.freeze({
    add(end) {
      endings.push(end)
    },
    async run() {
      for (const end of endings.splice(0).reverse())
        try {
          const ending = end()
          if (ending !== undefined) await ending // what needs no wait is ended at once
        } catch {} // the others are ended all the same
    },
  } satisfies Endings)
}
