/** Tells those who watch which requests changed: at once in this process, soon in the others. @module */

import type { Database } from '../database/database.ts'

/** What a watcher is told. */
export type Watcher = (requestIds: readonly string[]) => void

/** See `createChanges`. */
export type Changes = {
  /** @returns Ends it. */
  readonly watch: (watcher: Watcher) => () => void
  /** Of this process. */
  readonly tell: (requestIds: readonly string[]) => void
  readonly close: () => void
}

const LOOK_MS = 1_000
const MAX_IDS = 500
/** Ids that wait to be told; when more have changed, "many" is all there is to say. */
const GATHER_MS = 200

/**
 * While somebody watches, it looks once a second for what other processes changed. What is told is a
 * hint to read again, so that one told twice or a second late does no harm.
 */
export function createChanges(database: Database): Changes {
  const watchers = new Set<Watcher>()
  let gathered = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined
  let since: Date | undefined

  function flush(): void {
    timer = undefined
    const ids = [...gathered].slice(0, MAX_IDS)
    gathered = new Set()
    for (const watcher of watchers) watcher(ids)
  }

  function tell(requestIds: readonly string[]): void {
    if (watchers.size === 0) return
    for (const id of requestIds) if (gathered.size < MAX_IDS) gathered.add(id)
    timer ??= setTimeout(flush, GATHER_MS).unref()
  }

  async function look(): Promise<void> {
    const rows = await database.query<{ id: string; at: Date }>(
      `SELECT id, updated_at AS at FROM requests WHERE updated_at > $1::timestamptz
      ORDER BY updated_at LIMIT ${MAX_IDS}`,
      [since ?? new Date()],
    )
    since = rows.at(-1)?.at ?? since ?? new Date()
    if (rows.length > 0) tell(rows.map(({ id }) => id))
  }

  function keepLooking(): void {
    looking = setTimeout(() => {
      look()
        .catch(() => undefined) // the database is away: readiness tells
        .finally(() => {
          if (watchers.size > 0) keepLooking()
        })
    }, LOOK_MS).unref()
  }

  return {
    watch(watcher) {
      watchers.add(watcher)
      if (watchers.size === 1) keepLooking()
      return () => {
        watchers.delete(watcher)
        if (watchers.size > 0) return
        clearTimeout(looking)
        since = undefined
      }
    },
    tell,
    close() {
      watchers.clear()
      clearTimeout(timer)
      clearTimeout(looking)
    },
  }
}
