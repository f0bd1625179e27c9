/** One question to a signing service: in its turn, with growing pauses, inside a total time. @module */

import { createClock, pause, withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { doubling, retrying } from '../../retry.ts'
import { limitError } from '../own-limits.ts'
import type { SignPace } from '../signer.ts'
import { createTurns, TURN_KEEPS_MS } from '../turns.ts'
import { readRemoteFailure } from './failures.ts'
import type { RemoteSignerLimits } from './limits.ts'
import {
  assertLength,
  encodeRequest,
  MAX_REQUEST_BYTES,
  type ServiceAnswer,
  type ServiceRequest,
} from './protocol.ts'
import { readReply } from './reply.ts'
import type { RemoteTransport } from './transport.ts'

const PAUSE_MS = 100
const THROTTLED_PAUSE_MS = 500
const MAX_PAUSE_MS = 4_000

/** What is asked, and how. */
export type RemoteCall = {
  readonly transport: RemoteTransport
  readonly limits: RemoteSignerLimits
  readonly signerId: string
  readonly request: ServiceRequest
  readonly signal?: AbortSignal | undefined
  /** Of the quota; its turn was taken for the first request. */
  readonly pace?: SignPace | undefined
}

/**
 * Waits for its turn behind the calls that use the same sockets, which does not count; then tries
 * passing faults again until the total time is over. To ask twice is safe: a second signature of the
 * same message gives nobody anything new.
 *
 * @returns An answer as it came: whether it is about what was asked is not looked at.
 * @throws {SignerError} `SIGNING_REQUEST_TOO_LARGE`, one of the `REMOTE_SIGNER_…` codes, or
 * `AWS_SDK_MISSING` and `AWS_CONFIG_INVALID`. Rejects with `signal.reason` when the caller aborts.
 */
export async function callService(
  call: RemoteCall,
): Promise<{ readonly answer: ServiceAnswer; readonly attempts: number }> {
  const { transport, limits, signerId, signal, pace } = call
  const { totalTimeoutMs, requestTimeoutMs, queueTimeoutMs } = limits
  const body = Buffer.from(encodeRequest(call.request))
  assertLength(body.length, MAX_REQUEST_BYTES) // a long message beside many approvals
  const clock = createClock()
  const leftMs = () => totalTimeoutMs - clock.elapsedMs()
  const turns = createTurns({
    queue: transport.queue,
    queueTimeoutMs,
    signal,
    pace,
    clock,
    onTimeout: (facts) => new SignerError('REMOTE_SIGNER_QUEUE_TIMEOUT', { signerId, ...facts }),
  })
  let sent = 0
  let waitMs = 0 // that the other side asked for
  let freshCredentials = false
  let before: unknown // what the last whole request failed with

  async function attempt() {
    if (waitMs > 0) await pause(Math.min(waitMs, leftMs()), signal) // of 0 would take a millisecond
    const waitedMs = turns.waitedMs()
    const giveBack = await turns.ofSocket()
    try {
      const isStale = turns.waitedMs() - waitedMs > TURN_KEEPS_MS
      if (pace !== undefined && (sent > 0 || isStale)) await turns.ofQuota()
      return { answer: await request(), attempts: sent }
    } finally {
      giveBack()
    }
  }

  async function request(): Promise<ServiceAnswer> {
    const isCut = leftMs() < requestTimeoutMs
    const timeoutMs = isCut ? leftMs() : requestTimeoutMs
    const onTimeout = () => limitError(isCut ? 'totalTimeoutMs' : 'requestTimeoutMs')
    sent += 1
    try {
      return await withDeadline({ signal, timeoutMs, clock, onTimeout }, async (abort) =>
        readReply(await transport.send(body, { signal: abort, freshCredentials })),
      )
    } catch (thrown) {
      // What the total time cut short tells less than the whole request before it.
      const isTimeout = thrown instanceof Error && thrown.name === 'TimeoutError'
      if (isCut && isTimeout && before !== undefined) throw before
      before = thrown
      throw thrown
    }
  }

  function pauseMs(thrown: unknown, attempts: number): number | undefined {
    if (isSignerError(thrown)) return undefined // of this side: the queue
    const fault = readRemoteFailure(thrown)
    if (fault.throttled) pace?.throttled()
    if (fault.retry === 'no' || (fault.retry === 'once' && attempts > 1)) return undefined
    waitMs = fault.waitMs ?? 0
    if (waitMs >= leftMs()) return undefined
    freshCredentials = fault.expired ?? false
    if (fault.retry === 'now' && attempts <= MAX_STALE) return 0
    return doubling(fault.throttled ? THROTTLED_PAUSE_MS : PAUSE_MS, MAX_PAUSE_MS, attempts)
  }

  return retrying(
    {
      totalTimeoutMs,
      signal,
      clock,
      pauseMs,
      finalError: (thrown, _, elapsedMs) =>
        isSignerError(thrown)
          ? thrown
          : readRemoteFailure(thrown).error({ signerId, attempts: sent, elapsedMs }),
    },
    attempt,
  )
}

/** Idle sockets that one call may find closed before it pauses: a service that restarted closed all. */
const MAX_STALE = 2
