/** One KMS operation: retried with growing pauses, inside a total time. @module */

import { withDeadline } from '../../deadline.ts'
import { isSignerError } from '../../errors.ts'
import { doubling, retrying } from '../../retry.ts'
import { readKmsFailure } from './failures.ts'
import type { KmsLimits } from './limits.ts'

const PAUSE_MS = 100
/** What the SDK starts with when it is throttled. */
const THROTTLED_PAUSE_MS = 500
const MAX_PAUSE_MS = 4_000

type Metadata = { requestId?: string | undefined; attempts?: number | undefined }

/** A reply, and the requests that were sent for it. */
export type KmsReply<T> = { readonly reply: T; readonly attempts: number }

/**
 * Retries passing faults (throttling, 5xx, sockets, timeouts, broken bodies) until the total time
 * is over; everything else is thrown at once.
 *
 * @param send - Calls `failed` with what each request failed with that the SDK may send again itself.
 * @throws {SignerError} One of the `KMS_…` and `KEY_…` codes. Rejects with `signal.reason` when
 * the caller aborts.
 */
export async function callKms<T extends { readonly $metadata: Metadata }>(
  target: { readonly keyId: string; readonly operation: string },
  limits: KmsLimits,
  signal: AbortSignal | undefined,
  send: (signal: AbortSignal, failed: (thrown: unknown) => void) => Promise<T>,
): Promise<KmsReply<T>> {
  let sent = 0
  let before: unknown // what the last whole request failed with
  const { totalTimeoutMs } = limits
  return retrying(
    {
      totalTimeoutMs,
      signal,
      pauseMs,
      finalError: (thrown, _, elapsedMs) => toError(thrown, elapsedMs),
    },
    async (_, leftMs) => {
      const timeoutMs = Math.min(limits.requestTimeoutMs, leftMs)
      try {
        const bound = { signal, timeoutMs, onTimeout: timeoutError }
        const reply = await withDeadline(bound, (inTime) => send(inTime, failed))
        sent += reply.$metadata?.attempts ?? 1
        return { reply, attempts: sent }
      } catch (thrown) {
        sent += attemptsOf(thrown)
        // What the total time cut short tells less than the whole request before it.
        const cutShort = timeoutMs < limits.requestTimeoutMs && isTimeout(thrown)
        if (cutShort && before !== undefined) throw before
        before = thrown
        throw thrown
      }
    },
  )

  function failed(thrown: unknown): void {
    before = thrown
  }

  function toError(thrown: unknown, elapsedMs: number): unknown {
    return isSignerError(thrown)
      ? thrown
      : readKmsFailure(thrown).error({ ...target, attempts: sent, elapsedMs })
  }
}

const isTimeout = (thrown: unknown) => thrown instanceof Error && thrown.name === 'TimeoutError'

/** Named like the SDK's own, and read like it. */
function timeoutError(): Error {
  const error = new Error('no answer in time')
  error.name = 'TimeoutError'
  return error
}

function pauseMs(thrown: unknown, attempts: number): number | undefined {
  if (isSignerError(thrown)) return undefined
  const { retry, throttled } = readKmsFailure(thrown)
  if (retry === 'no' || (retry === 'once' && attempts > 1)) return undefined
  return doubling(throttled ? THROTTLED_PAUSE_MS : PAUSE_MS, MAX_PAUSE_MS, attempts)
}

/** The SDK counts its own attempts on the errors it throws, too. */
function attemptsOf(thrown: unknown): number {
  const metadata =
    typeof thrown === 'object' && thrown !== null && '$metadata' in thrown
      ? thrown.$metadata
      : undefined
  const attempts =
    typeof metadata === 'object' && metadata !== null && 'attempts' in metadata
      ? metadata.attempts
      : undefined
  return typeof attempts === 'number' ? attempts : 1
}
