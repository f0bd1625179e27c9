/** The place in the dashboard, kept in the hash: `#/mints/rq_1?state=done`. @module */

import { createStore, type Store } from './store.ts'

/** A place. */
export type Route = {
  /** Decoded; `['mints', 'rq_1']`. Empty for the overview. */
  readonly path: readonly string[]
  readonly query: Readonly<Record<string, string>>
}

/** Total: what cannot be decoded is taken as it is. */
export function parseHash(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(search)),
  }
}

/** @returns `#/a/b?x=y`, without what is undefined or empty. */
export function hashOf(
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1])
  const search = new URLSearchParams(pairs).toString()
  return `#/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

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
