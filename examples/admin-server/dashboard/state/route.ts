/** Where in the dashboard we are: follows the hash of the address. @module */

import { hashOf, parseHash, type Route } from './address.ts'
import { createStore, type Store } from './store.ts'

/** Where we are. Follows the address once `followAddress` was called. */
export const route: Store<Route> = createStore<Route>({ path: [], query: {} })

/** Keeps `route` in step with the address bar. */
export function followAddress(): void {
  const read = () => route.set(parseHash(location.hash))
  addEventListener('hashchange', read)
  read()
}

/** Changes filters without a new entry in the history for each key stroke. */
export function replaceQuery(query: Readonly<Record<string, string | undefined>>): void {
  history.replaceState(null, '', hashOf(route.get().path, query))
  route.set(parseHash(location.hash))
}
