/** What the host of an enclave tells: what happens to the enclave, and what the enclave says itself. @module */

import { codeOf } from '../../errors.ts'
import type { ToldEvent } from './events-route.ts'

/** Why something failed. */
type Trouble = {
  /** Of an error of this package, or `OTHER`. */
  readonly code: string
  /** A sentence with facts and remedy; nothing secret. */
  readonly problem: string
}

/** Plain data that `JSON.stringify` takes as it is. */
export type EnclaveHostEvent =
  /** The enclave answers its health check, after it did not, or for the first time. */
  | { readonly kind: 'healthy'; readonly clockOffsetMs: number }
  /** It does not, or says itself that it is failing. Told when it begins. */
  | ({ readonly kind: 'unhealthy' } & Trouble)
  | { readonly kind: 'started'; readonly durationMs: number }
  /** By itself, or because it was no longer healthy. */
  | { readonly kind: 'ended'; readonly reason: string }
  /** It is started again after a pause. */
  | ({ readonly kind: 'restarting'; readonly restarts: number; readonly delayMs: number } & Trouble)
  /** It ended too often; nothing more is tried, and every request is refused. */
  | ({ readonly kind: 'gave-up'; readonly restarts: number } & Trouble)
  /** A request for a signature that was refused out here, since the enclave gave no answer to it. */
  | ({ readonly kind: 'refused' } & Trouble)
  /** What the enclave asked of its parent, by path, and did not get. */
  | ({ readonly kind: 'helper-failed'; readonly path: string } & Trouble)
  /** A connection to a host that did not come about. */
  | { readonly kind: 'forward-refused'; readonly vsockPort: number; readonly reason: string }
  /** Of the enclave itself: events of its signing service, and why it ends. */
  | { readonly kind: 'told'; readonly event: ToldEvent }

/** Called at once with each event. What it throws, or rejects with, becomes a process warning. */
export type EnclaveHostObserver = (event: EnclaveHostEvent) => unknown

export const troubleOf = (thrown: unknown): Trouble => {
  const code = codeOf(thrown)
  // The text of an error of somebody else may quote anything.
  const problem = code !== 'OTHER' && thrown instanceof Error ? thrown.message : 'it threw'
  return { code, problem: problem.slice(0, 1_000) }
}
