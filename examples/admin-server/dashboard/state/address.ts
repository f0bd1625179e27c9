/** Places in the dashboard as hashes of its address: `#/mints/rq_1?state=done`. @module */

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
