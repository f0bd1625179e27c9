/** Many callers, one step of the store: what is asked for while a step runs goes into the next. @module */

import { isSignerError } from '../errors.ts'

/**
 * Bytes of the texts and arrays of one step: as JSON they are at most six times as many, which is
 * less than a store takes in one statement, so that a step is done or not done.
 */
const MAX_STEP_BYTES = 8 * 1_048_576

type Entry<Item, Answer> = {
  readonly item: Item
  readonly bytes: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (reason: unknown) => void
}

/**
 * A step that is refused for what is in it was not done: it is asked for again in halves, so that the
 * item that is to blame fails alone.
 *
 * @param run - Takes all items that have come together and answers for each, in their order.
 * @param maxItems - More wait for the step after, and so does what has more bytes than a step takes.
 * @returns A function for one item. Rejects with what its step rejects with.
 */
export function coalesce<Item, Answer>(
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
  maxItems: number,
): (item: Item) => Promise<Answer> {
  let entries: Entry<Item, Answer>[] = []
  let running = false

  async function take(step: readonly Entry<Item, Answer>[]): Promise<void> {
    try {
      const answers = await run(step.map(({ item }) => item))
      for (const [index, { resolve, reject }] of step.entries()) {
        const answer = answers[index]
        if (answer === undefined && index >= answers.length) reject(new RangeError('no answer'))
        else resolve(answer as Answer) // within the list, so it is one of the answers
      }
    } catch (thrown) {
      const half = Math.ceil(step.length / 2)
      if (step.length > 1 && isRefusal(thrown)) {
        await take(step.slice(0, half))
        await take(step.slice(half))
      } else for (const { reject } of step) reject(thrown)
    }
  }

  async function drain(): Promise<void> {
    await Promise.resolve() // those who call in the same turn come along
    while (entries.length > 0) {
      const count = fitting(entries, maxItems)
      const step = entries.slice(0, count)
      entries = entries.slice(count)
      await take(step)
    }
    running = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      entries.push({ item, bytes: byteLengthOf(item), resolve, reject })
      if (running) return
      running = true
      void drain()
    })
}

/** How many of the first go together: at least one. */
function fitting(entries: readonly { readonly bytes: number }[], maxItems: number): number {
  let bytes = 0
  const end = entries.findIndex((entry, index) => {
    bytes += entry.bytes
    return index >= maxItems || (index > 0 && bytes > MAX_STEP_BYTES)
  })
  return end < 0 ? entries.length : end
}

const isRefusal = (thrown: unknown): boolean =>
  isSignerError(thrown, 'INVALID_OPTION') || isSignerError(thrown, 'STORE_REFUSED')

/** Of all texts and arrays in plain data. */
function byteLengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Uint8Array) return value.byteLength
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, part) => sum + byteLengthOf(part), 0)
}
