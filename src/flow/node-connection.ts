/** What a request needs to know about its node. @module */

import { SignerError } from '../errors.ts'

/** One access node. */
export type NodeConnection = {
  /** Without a trailing slash, for example `http://127.0.0.1:8888`. */
  readonly url: string
  /** Milliseconds for a request with its retries. */
  readonly timeoutMs: number
  /** Rejects with an `ACCESS_NODE_…` code while it is not to be asked anything. */
  readonly admit?: (signal: AbortSignal | undefined) => Promise<void>
}

/**
 * The same node twice would be its own second opinion, and get twice the sends.
 *
 * @throws {SignerError} `INVALID_OPTION` when two URLs lead to the same place, however they are written.
 */
export function assertDistinctNodes(option: string, nodes: readonly NodeConnection[]): void {
  const places = nodes.map(({ url }) => new URL(url).href.replace(/\/+$/, ''))
  const second = places.findIndex((place, index) => places.indexOf(place) < index)
  const first = places.indexOf(places[second] ?? '')
  if (second < 0) return
  const reason = `numbers ${first + 1} and ${second + 1} are the same node: name each once`
  throw new SignerError('INVALID_OPTION', { option, reason })
}
