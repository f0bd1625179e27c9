/** The line in front of a token: few wait in its process, all others here. @module */

import { withDeadline } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { createCallQueue } from '../call-queue.ts'
import type { Pkcs11Limits } from './limits.ts'

/** Gives turns, first come, first served. */
export type Turns = {
  /**
   * Runs when it is its turn.
   *
   * @throws {SignerError} `SIGNING_QUEUE_FULL`, and `PKCS11_TIMEOUT` when the turn does not come.
   */
  readonly inTurn: <T>(
    key: string,
    signal: AbortSignal | undefined,
    run: () => Promise<T>,
  ) => Promise<T>
}

/** Signatures under way for each session: one in it, and one that follows without a gap. */
const PER_SESSION = 2

export function createTurns(limits: Pkcs11Limits): Turns {
  const { queueLimit, queueTimeoutMs, sessions } = limits
  const queue = createCallQueue(() => PER_SESSION * sessions)
  return Object.freeze({
    async inTurn(key, signal, run) {
      const queued = queue.waiting()
      if (queued >= queueLimit) throw new SignerError('SIGNING_QUEUE_FULL', { name: key, queued })
      const started = performance.now()
      const onTimeout = () =>
        new SignerError('PKCS11_TIMEOUT', {
          key,
          limit: 'queueTimeoutMs',
          attempts: 0,
          elapsedMs: Math.round(performance.now() - started),
        })
      const giveBack = await withDeadline(
        { signal, timeoutMs: queueTimeoutMs, onTimeout },
        (abort) => queue.join().turn(abort),
      )
      try {
        return await run()
      } finally {
        giveBack()
      }
    },
  } satisfies Turns)
}
