/** The stream of events: figures every second, and which requests have changed. @module */

import { api } from '../api.ts'
import { problemOf } from '../problem.ts'
import type { Stats } from '../types.ts'
import { announce } from './announce.ts'
import { createStore, type Store } from './store.ts'

/** `connecting` also while the browser tries again. */
export type Connection = 'connecting' | 'live' | 'lost'

/** State of the stream. */
export const connection: Store<Connection> = createStore<Connection>('connecting')

/** Figures of the last ten minutes, oldest first. Kept while one moves about the dashboard. */
export const history: Store<readonly Stats[]> = createStore<readonly Stats[]>([])

const keep = 600
const silenceMs = 10_000
const changed = new Set<(ids: ReadonlySet<string>) => void>()

/**
 * @param listener - Gets the ids of changed requests; empty after a gap, when any may have changed.
 * @returns what ends it.
 */
export function onChanged(listener: (ids: ReadonlySet<string>) => void): () => void {
  changed.add(listener)
  return () => changed.delete(listener)
}

/** @returns the newest figures, while there are any. */
export const latest = (): Stats | undefined => history.get().at(-1)

function take(stats: Stats): void {
  const before = latest()
  history.set([...history.get().slice(1 - keep), stats])
  if (before && before.paused !== stats.paused)
    announce(stats.paused ? 'The server is paused.' : 'The server runs again.')
  if (before && before.rotating !== stats.rotating)
    announce(
      stats.rotating
        ? 'A key is being rotated: nothing is signed.'
        : 'The rotation gave the keys back.',
    )
  if (stats.held && !stats.paused && before?.held?.code !== stats.held.code)
    announce('The server holds everything.')
}

/** JSON of our own server; `undefined` where it is cut off. */
function parse<T>(event: MessageEvent): T | undefined {
  try {
    return JSON.parse(String(event.data)) as T // the page is served by the server that sent it
  } catch {
    return undefined
  }
}

/** Opens the stream and opens it again when it ends. @returns what closes it. */
export function startLive(): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  let closed = false
  let attempts = 0
  let hadGap = false

  const tell = (ids: ReadonlySet<string>) => {
    for (const listener of [...changed]) listener(ids)
  }
  /** Figures come every second: a connection that is silent is dead, though nobody has said so. */
  const listen = () => {
    clearTimeout(silence)
    silence = setTimeout(again, silenceMs)
  }
  const open = () => {
    source = new EventSource('/v1/events')
    source.addEventListener('open', () => {
      attempts = 0
      connection.set('live')
      listen()
      if (hadGap) tell(new Set())
      hadGap = false
    })
    source.addEventListener('stats', (event) => {
      const stats = parse<Stats>(event)
      if (stats) take(stats)
      listen()
    })
    source.addEventListener('changed', (event) =>
      tell(new Set(parse<{ ids: readonly string[] }>(event)?.ids)),
    )
    source.addEventListener('error', again)
  }
  /** The browser's own attempts never end for good and never say 401, so we make them. */
  const again = async () => {
    source?.close()
    clearTimeout(silence)
    hadGap = true
    connection.set(attempts > 1 ? 'lost' : 'connecting')
    attempts += 1
    const over = await api.me().then(
      () => false,
      (thrown: unknown) => problemOf(thrown)?.status === 401,
    )
    if (closed || over) return
    clearTimeout(timer)
    timer = setTimeout(open, Math.min(15_000, 500 * 2 ** attempts))
  }
  connection.set('connecting')
  open()
  return () => {
    closed = true
    clearTimeout(timer)
    clearTimeout(silence)
    source?.close()
    history.set([])
  }
}
