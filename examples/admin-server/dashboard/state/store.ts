/** A value that components can follow. All the state management there is. @module */

import { useEffect, useState } from 'preact/hooks'

/** One value, and who wants to know when it changes. */
export type Store<T> = {
  readonly get: () => T
  readonly set: (value: T) => void
  /** @returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void
}

/** @returns a store that holds `value` until another is set. */
export function createStore<T>(value: T): Store<T> {
  let current = value
  const listeners = new Set<() => void>()
  return {
    get: () => current,
    set: (next) => {
      if (Object.is(next, current)) return
      current = next
      for (const listener of [...listeners]) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** @returns what the store holds; the component is drawn anew when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState({})
  useEffect(() => {
    const seen = store.get()
    const end = store.subscribe(() => draw({}))
    if (!Object.is(seen, store.get())) draw({})
    return end
  }, [store])
  return store.get()
}
