/** Each Cadence source once, however many jobs have it. @module */

/** Counts who has it, so that the last one to go takes it along. */
export type Sources = {
  /** @returns The text that is kept already, when there is an equal one. */
  readonly keep: (source: string) => string
  readonly drop: (source: string) => void
}

/** None yet. */
export function createSources(): Sources {
  const kept = new Map<string, { readonly source: string; count: number }>()
  return {
    keep: (source) => {
      const entry = kept.get(source) ?? { source, count: 0 }
      entry.count += 1
      kept.set(source, entry)
      return entry.source
    },
    drop: (source) => {
      const entry = kept.get(source)
      if (entry === undefined) return
      entry.count -= 1
      if (entry.count === 0) kept.delete(source)
    },
  }
}
