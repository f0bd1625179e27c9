/** The time, as often as relative times need it. @module */

import { createStore, type Store } from './store.ts'

/** Milliseconds since 1970; moves on every five seconds. */
export const clock: Store<number> = createStore(Date.now())

/** Lets the clock run for as long as the page lives. */
export function startClock(): void {
  setInterval(() => clock.set(Date.now()), 5_000)
}
