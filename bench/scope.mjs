/** What lives as long as one run: everything started in it is stopped, whatever ends it. @module */
import { setMaxListeners } from 'node:events'

/**
 * @typedef {{ signal: AbortSignal, say: (text: string) => void,
 *   onStop: (stop: () => unknown) => void, stopAll: () => Promise<void> }} Scope
 */

/** @returns {Scope & { end: (reason: Error) => void }} */
export function createScope() {
  const ending = new AbortController()
  setMaxListeners(0, ending.signal) // as many as there are requests
  /** @type {(() => unknown)[]} */
  const stops = []
  return {
    signal: ending.signal,
    end: (reason) => ending.abort(reason),
    say: (text) =>
      console.error(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${text}`),
    onStop: (stop) => stops.push(stop),
    /** Twice is once; what was started last stops first. */
    async stopAll() {
      for (const stop of stops.splice(0).reverse()) await Promise.allSettled([stop()])
    },
  }
}
