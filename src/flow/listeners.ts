/** Listeners who cannot harm the one that tells them. @module */

/** Some listeners of one kind of news. */
export type Listeners<T> = {
  /** @returns Stops telling this one. */
  readonly add: (listener: (news: T) => void) => () => void
  readonly tell: (news: T) => void
  readonly clear: () => void
}

/** @param onError - Told what a listener threw; must not throw itself. */
export function createListeners<T>(onError: (thrown: unknown) => void): Listeners<T> {
  const entries = new Set<{ readonly listener: (news: T) => void }>()
  return {
    add(listener) {
      const entry = { listener } // the same function may listen twice
      entries.add(entry)
      return () => {
        entries.delete(entry)
      }
    },
    tell(news) {
      for (const entry of [...entries])
        try {
          if (entries.has(entry)) entry.listener(news)
        } catch (thrown) {
          onError(thrown)
        }
    },
    clear: () => entries.clear(),
  }
}
