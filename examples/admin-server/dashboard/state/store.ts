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
  const drawn = store.get()
  useEffect(() => {
    // The value may have changed between the drawing and this effect.
    if (!Object.is(drawn, store.get())) draw({})
    return store.subscribe(() => draw({}))
  }, [store])
  return drawn
}
