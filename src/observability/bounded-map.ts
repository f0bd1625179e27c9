/** A map that forgets what is oldest in it. @module */

/** Insertion order is age. */
export type BoundedMap<K, V> = {
  readonly get: (key: K) => V | undefined
  /** Makes room first, if need be. */
  readonly set: (key: K, value: V) => void
  readonly take: (key: K) => V | undefined
  /** Takes everything out. */
  readonly drain: () => readonly V[]
}

/** @param onEvicted - Told of what had to make room. */
export function createBoundedMap<K, V>(
  max: number,
  onEvicted: (value: V) => void = () => undefined,
): BoundedMap<K, V> {
  const entries = new Map<K, V>()
  const take = (key: K) => {
    const value = entries.get(key)
    entries.delete(key)
    return value
  }
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      const [oldest] = entries
      if (!entries.has(key) && entries.size >= max && oldest !== undefined) {
        entries.delete(oldest[0])
        onEvicted(oldest[1])
      }
      entries.set(key, value)
    },
    take,
    drain() {
      const values = [...entries.values()]
      entries.clear()
      return values
    },
  }
}
