/** Who is looked at next: those who are in a hurry, and all others in turn. @module */

/** Ids in the order in which they are looked at. */
export type Turns = {
  /** This one is looked at with the next. */
  readonly hurry: (id: string) => void
  /** @returns Those to look at now, each once: half of them in a hurry at most, while others are due. */
  readonly next: () => readonly string[]
  /** Milliseconds until there are some: 0 while there are. */
  readonly inMs: () => number
}

/**
 * @param all - Everybody there is, in an order that goes on while some come and go, as a Map's does.
 * @param restMs - Milliseconds between two rounds of all.
 * @param most - Ids at a time.
 */
export function createTurns(options: {
  readonly all: () => Iterator<string>
  readonly restMs: number
  readonly most: number
}): Turns {
  const { all, restMs, most } = options
  const hurried = new Set<string>()
  let round: Iterator<string> | undefined
  let roundAt = performance.now() + restMs

  function takeOfRound(ids: Set<string>, count: number): void {
    if (round === undefined && performance.now() >= roundAt) round = all()
    while (round !== undefined && ids.size < count) {
      const { value, done } = round.next()
      if (done === true) {
        round = undefined
        roundAt = performance.now() + restMs
      } else ids.add(value)
    }
  }

  return Object.freeze({
    hurry(id) {
      hurried.add(id)
    },
    next() {
      const ids = new Set<string>()
      takeOfRound(ids, Math.ceil(most / 2))
      for (const id of hurried) {
        if (ids.size >= most) break
        ids.add(id)
      }
      takeOfRound(ids, most)
      for (const id of ids) hurried.delete(id)
      return [...ids]
    },
    inMs() {
      if (hurried.size > 0 || round !== undefined) return 0
      return Math.max(0, roundAt - performance.now())
    },
  } satisfies Turns)
}
