/** One task after the other. @module */

/** Tasks in the order in which they came, never two at once. */
export type Serial = {
  /** @returns What the task resolves to; it rejects as the task does, and the next ones go on. */
  readonly run: <T>(task: () => Promise<T>) => Promise<T>
  /** Tasks that run or wait. */
  readonly size: () => number
}

export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve()
  let size = 0
  return Object.freeze({
    run(task) {
      size += 1
      const mine = last.then(task).finally(() => {
        size -= 1
      })
      last = mine.catch(() => undefined)
      return mine
    },
    size: () => size,
  } satisfies Serial)
}
