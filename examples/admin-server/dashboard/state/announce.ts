/** What a screen reader should say, though the focus is elsewhere. @module */

import { createStore, type Store } from './store.ts'

/** The last announcement, shown by the one polite live region. */
export const announcement: Store<string> = createStore('')

/** @param text - Said once, when the reader is free. */
export function announce(text: string): void {
  announcement.set(announcement.get() === text ? `${text}\u00a0` : text)
}
