/** What is asked for its stats at a scrape: once for all metrics, and never for long. @module */

import { withDeadline } from '../deadline.ts'
import type { Labels, Reading } from './metric-maker.ts'

/** Things of one kind that tell stats. */
export type Sources<T> = {
  /**
   * @param key - A source under the key of another takes its place.
   * @returns Ends it, unless another took its place.
   */
  readonly add: (key: unknown, labels: Labels, stats: () => T | Promise<T>) => () => void
  /** Undefined for those that failed or did not answer in time. */
  readonly readAll: () => Promise<readonly Reading<T | undefined>[]>
  /** Those that answered. */
  readonly read: () => Promise<readonly Reading<T>[]>
}

/** Milliseconds. Prometheus gives up on a scrape after 10 s; one source must not spoil it. */
const MAX_WAIT_MS = 3_000

export function createSources<T>(timeoutMs: number = MAX_WAIT_MS): Sources<T> {
  type Source = { readonly labels: Labels; readonly stats: () => T | Promise<T> }
  const sources = new Map<unknown, Source>()
  let pending: Promise<readonly Reading<T | undefined>[]> | undefined

  const ask = async ({ labels, stats }: Source): Promise<Reading<T | undefined>> => {
    const onTimeout = () => new Error('no stats in time')
    const answer = withDeadline({ timeoutMs, onTimeout }, async () => stats())
    return { labels, stats: await answer.catch(() => undefined) }
  }
  /** The metrics of one scrape ask in the same turn, and so share one answer. */
  const readAll = () => {
    pending ??= Promise.all([...sources.values()].map(ask)).finally(() => {
      pending = undefined
    })
    return pending
  }
  return {
    add(key, labels, stats) {
      const source = { labels, stats }
      sources.set(key, source)
      return () => {
        if (sources.get(key) === source) sources.delete(key)
      }
    },
    readAll,
    read: async () =>
      (await readAll()).flatMap(({ labels, stats }) =>
        stats === undefined ? [] : [{ labels, stats }],
      ),
  }
}
