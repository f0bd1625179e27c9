/** A binary heap: the least first, in O(log n). @module */

/** Items may be in it more than once. */
export type Heap<T> = {
  readonly push: (item: T) => void
  readonly peek: () => T | undefined
  readonly pop: () => T | undefined
}

/** @param rank - Must not change while the item is in the heap. */
export function createHeap<T>(rank: (item: T) => number): Heap<T> {
  const items: T[] = []
  const precedes = (one: T | undefined, other: T | undefined) =>
    one !== undefined && other !== undefined && rank(one) < rank(other)
  const swap = (one: number, other: number) => {
    const [first, second] = [items[one], items[other]]
    if (first === undefined || second === undefined) return
    items[one] = second
    items[other] = first
  }
  return {
    push: (item) => {
      let at = items.push(item) - 1
      for (let up = (at - 1) >> 1; at > 0 && precedes(items[at], items[up]); up = (at - 1) >> 1) {
        swap(at, up)
        at = up
      }
    },
    peek: () => items[0],
    pop: () => {
      swap(0, items.length - 1)
      const least = items.pop()
      for (let at = 0, down = 1; down < items.length; down = 2 * at + 1) {
        if (precedes(items[down + 1], items[down])) down += 1
        if (!precedes(items[down], items[at])) break
        swap(at, down)
        at = down
      }
      return least
    },
  }
}
