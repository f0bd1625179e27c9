/** Many callers, one statement: what is asked for while one runs goes into the next. @module */

/**
 * A caller's item never joins a statement that has started, so no answer is older than its question.
 *
 * @param run - Takes all items that have come together and answers for each, in their order.
 * @param maxItems - In one run; more wait for the one after.
 * @returns A function for one item. Rejects with what its run rejects with.
 */
export function coalesce<Item, Answer>(
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
  maxItems: number,
): (item: Item) => Promise<Answer> {
  type Entry = {
    readonly item: Item
    readonly resolve: (answer: Answer) => void
    readonly reject: (reason: unknown) => void
  }
  let entries: Entry[] = []
  let running = false

  async function drain(): Promise<void> {
    await Promise.resolve() // those who call in the same turn come along
    while (entries.length > 0) {
      const step = entries.slice(0, maxItems)
      entries = entries.slice(maxItems)
      try {
        const answers = await run(step.map(({ item }) => item))
        for (const [index, { resolve, reject }] of step.entries())
          if (index < answers.length)
            resolve(answers[index] as Answer) // the index is in the list
          else reject(new RangeError('no answer'))
      } catch (thrown) {
        for (const { reject } of step) reject(thrown)
      }
    }
    running = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      entries.push({ item, resolve, reject })
      if (running) return
      running = true
      void drain()
    })
}
