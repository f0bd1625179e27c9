/** The one place that sends to KMS: in its turn, with growing pauses, inside a total time. @module */

import type { KMSClient, ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-kms'
import { createClock, withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { doubling, retrying } from '../../retry.ts'
import { withBoundedReply } from '../aws/bounded-reply.ts'
import { clientQueue } from '../aws/client-queue.ts'
import { assertConfiguration } from '../aws/configuration.ts'
import { fieldsOf } from '../aws/thrown-facts.ts'
import { limitError } from '../own-limits.ts'
import type { SignPace } from '../signer.ts'
import { createTurns, TURN_KEEPS_MS } from '../turns.ts'
import { readKmsFailure } from './failures.ts'
import type { KmsLimits } from './limits.ts'
import { watchRequests } from './watch.ts'

const PAUSE_MS = 100
/** What the SDK starts with when it is throttled. */
const THROTTLED_PAUSE_MS = 500
const MAX_PAUSE_MS = 4_000

/** A command of the SDK, as `send` of this client takes it. */
export type KmsCommand<
  Input extends ServiceInputTypes,
  Output extends ServiceOutputTypes,
> = Parameters<typeof KMSClient.prototype.send<Input, Output>>[0]

/** What is asked of KMS, and how. */
export type KmsCall<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = {
  readonly client: KMSClient
  readonly limits: KmsLimits
  /** As given by the caller, for errors. */
  readonly keyId: string
  /** As KMS names it. */
  readonly operation: string
  /** Makes the command, once for each time that it is sent, within the time of that request. */
  readonly command: (
    signal: AbortSignal,
  ) => KmsCommand<Input, Output> | Promise<KmsCommand<Input, Output>>
  readonly signal?: AbortSignal | undefined
  /** Of the quota; its turn was taken for the first request. */
  readonly pace?: SignPace | undefined
  /** Whether it may be sent again after this. Default: always. */
  readonly mayRepeat?: (thrown: unknown) => boolean
  /** Told before it rejects, when KMS may have done for some requests what was asked. */
  readonly onUnanswered?: (sent: Omit<KmsReply<never>, 'reply'>) => void
}

/** A reply, and the requests that were sent for it. */
export type KmsReply<T> = {
  readonly reply: T
  readonly attempts: number
  /** Those of which nobody here knows whether KMS did what they ask. */
  readonly unanswered: number
}

/**
 * Waits for its turn behind the calls of the same client, which does not count; then retries passing
 * faults (throttling, 5xx, sockets, timeouts, broken bodies, credentials that are late) until the
 * total time is over. Everything else is thrown at once. The reply is read up to a bound.
 *
 * @throws {SignerError} One of the `KMS_…`, `KEY_…` and `AWS_…` codes. Rejects with `signal.reason`
 * when the caller aborts.
 */
export async function callKms<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  call: KmsCall<Input, Output>,
): Promise<KmsReply<Output>> {
  const { client, limits, keyId, operation, signal, mayRepeat = () => true } = call
  const { totalTimeoutMs, requestTimeoutMs } = limits
  const clock = createClock()
  const leftMs = () => totalTimeoutMs - clock.elapsedMs()
  const turns = createTurns({
    queue: () => clientQueue(client),
    queueTimeoutMs: limits.queueTimeoutMs,
    signal,
    pace: call.pace,
    clock,
    onTimeout: (facts) => new SignerError('KMS_QUEUE_TIMEOUT', { keyId, wasSent, ...facts }),
  })
  const count = { sent: 0, refused: 0 }
  const watch = watchRequests({ count, nextTurn: turns.ofQuota, pace: call.pace, mayRepeat })
  let sent = 0
  let wasSent = false
  let isOver = false // it may have been done, and must not be done twice
  let before: unknown // what the last whole request failed with

  async function attempt(): Promise<KmsReply<Output>> {
    await assertConfiguration(client, keyId, { leftMs, signal })
    const waitedMs = turns.waitedMs()
    const giveBack = await turns.ofSocket()
    try {
      const isStale = turns.waitedMs() - waitedMs > TURN_KEEPS_MS
      if (isStale && call.pace !== undefined) await turns.ofQuota()
      return await request()
    } finally {
      giveBack()
    }
  }

  async function request(): Promise<KmsReply<Output>> {
    const isCut = leftMs() < requestTimeoutMs
    const timeoutMs = isCut ? leftMs() : requestTimeoutMs
    const onTimeout = () => limitError(isCut ? 'totalTimeoutMs' : 'requestTimeoutMs')
    try {
      const reply = await withDeadline({ signal, timeoutMs, clock, onTimeout }, send)
      sent += reply.$metadata?.attempts ?? 1
      return { reply, attempts: sent, unanswered: Math.max(0, count.sent - count.refused - 1) }
    } catch (thrown) {
      sent += attemptsOf(thrown)
      isOver ||= !mayRepeat(thrown)
      // What the total time cut short tells less than the whole request before it.
      const isTimeout = thrown instanceof Error && thrown.name === 'TimeoutError'
      if (isCut && isTimeout && before !== undefined) throw before
      before = thrown
      throw thrown
    }
  }

  async function send(abortSignal: AbortSignal): Promise<Output> {
    const made = await call.command(abortSignal)
    abortSignal.throwIfAborted()
    wasSent = true
    const command = watch(withBoundedReply(made), abortSignal, (thrown) => {
      before = thrown
    })
    return client.send(command, { abortSignal })
  }

  const answered = retrying(
    {
      totalTimeoutMs,
      signal,
      clock,
      pauseMs: (thrown, attempts) => (isOver ? undefined : pauseMs(thrown, attempts)),
      finalError: (thrown, _, elapsedMs) =>
        isSignerError(thrown)
          ? thrown
          : readKmsFailure(thrown).error({ client, keyId, operation, attempts: sent, elapsedMs }),
    },
    attempt,
  )
  try {
    return await answered
  } catch (thrown) {
    const unanswered = count.sent - count.refused
    if (unanswered > 0) call.onUnanswered?.({ attempts: sent, unanswered })
    throw thrown
  }
}

function pauseMs(thrown: unknown, attempts: number): number | undefined {
  if (isSignerError(thrown))
    return isSignerError(thrown, 'KMS_CREDENTIALS_UNAVAILABLE')
      ? doubling(PAUSE_MS, MAX_PAUSE_MS, attempts)
      : undefined
  const { retry, throttled } = readKmsFailure(thrown)
  if (retry === 'no' || (retry === 'once' && attempts > 1)) return undefined
  return doubling(throttled ? THROTTLED_PAUSE_MS : PAUSE_MS, MAX_PAUSE_MS, attempts)
}

/** The SDK counts its own attempts on the errors it throws, too. */
function attemptsOf(thrown: unknown): number {
  const { attempts } = fieldsOf(fieldsOf(thrown)['$metadata'])
  return typeof attempts === 'number' ? attempts : 1
}
