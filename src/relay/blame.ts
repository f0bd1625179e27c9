/** Which job is at fault when signing fails, and which only met what stops every job. @module */

/** Counts the failures of each job, as far as others worked meanwhile. */
export type Blame = {
  /**
   * A transaction with these jobs was not signed.
   *
   * @returns How often the most blamed of them failed with a success of others since.
   */
  readonly note: (jobIds: readonly string[]) => number
  /** A transaction with these jobs was signed. */
  readonly clear: (jobIds: readonly string[]) => void
}

/** More are not remembered: the first ones are forgotten. */
const MAX_JOBS = 10_000

export function createBlame(): Blame {
  const failures = new Map<string, { readonly count: number; readonly successes: number }>()
  let successes = 0

  function noteOne(id: string): number {
    const known = failures.get(id)
    const isBlamed = known === undefined || known.successes < successes
    const count = (known?.count ?? 0) + (isBlamed ? 1 : 0)
    failures.delete(id) // so that it becomes the newest
    failures.set(id, { count, successes })
    const [oldest] = failures.size > MAX_JOBS ? failures.keys() : []
    if (oldest !== undefined) failures.delete(oldest)
    return count
  }

  return {
    note: (jobIds) => Math.max(...jobIds.map(noteOne)),
    clear(jobIds) {
      successes += 1
      for (const id of jobIds) failures.delete(id)
    },
  }
}
