/** The end of a relay: within its time, whatever the store, the nodes and the signers do. @module */

import { pause, withDeadline } from '../deadline.ts'
import { codeOf, SignerError } from '../errors.ts'
import { FOREVER_MS } from '../loop.ts'
import { LEAVE_MS, type RelayParts } from './start.ts'

/** What `close` takes. */
export type CloseOptions = {
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
const LOOK_MS = 20

/** @returns `close`, which has one end however often it is called, and never rejects. */
export function createClosing(parts: RelayParts): {
  readonly close: (options?: CloseOptions) => Promise<void>
  readonly begun: () => boolean
} {
  const { address } = parts.core
  let ending: Promise<void> | undefined

  async function within(timeoutMs: number, step: () => Promise<void>): Promise<void> {
    const onTimeout = () => new SignerError('RELAY_CLOSED', { address })
    await withDeadline({ timeoutMs, onTimeout }, step).catch(() => undefined)
  }

  async function run(timeoutMs: number): Promise<void> {
    const leaveMs = Math.min(LEAVE_MS, timeoutMs / 2)
    await within(timeoutMs - leaveMs, () => finish(parts))
    await within(leaveMs, parts.end)
  }

  return {
    close({ timeoutMs = TIMEOUT_MS } = {}) {
      ending ??= run(Math.min(timeoutMs, FOREVER_MS))
      return ending
    },
    begun: () => ending !== undefined,
  }
}

/** Nothing is begun any more; what is being signed is stored, and what is stored is sent once. */
async function finish({ core, worker, tracker }: RelayParts): Promise<void> {
  const { tell, signal } = core
  await worker.drain().catch((thrown: unknown) => {
    // Claims that were not given back run out in the store.
    if (!signal.aborted) tell({ kind: 'trouble', code: codeOf(thrown), where: 'claim' })
  })
  while (worker.preparing() > 0 && !signal.aborted) await pause(LOOK_MS, signal)
  await tracker.sent()
  await core.hold.stored()
}
