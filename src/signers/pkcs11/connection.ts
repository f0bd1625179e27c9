/** A token that is there when it is needed: its process is started, replaced and ended here. @module */

import { abortable, createClock, withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { doubling, retrying } from '../../retry.ts'
import { counted, type Subject } from './failures.ts'
import type { Pkcs11Limits } from './limits.ts'
import { createLinks, type Link, type LinkOptions } from './links.ts'
import { showPkcs11Uri } from './uri.ts'

const PAUSE_MS = 50
const MAX_PAUSE_MS = 2_000

/** What a connection needs to know. */
export type ConnectionOptions = Omit<LinkOptions, 'closing'> & {
  readonly idleTimeoutMs?: number | undefined
  readonly limits: Pkcs11Limits
}

/** One thing to do on a token. */
export type Use<T> = {
  /** What errors are about. */
  readonly subject: Subject
  readonly signal?: AbortSignal | undefined
  readonly run: (link: Link) => Promise<T>
}

/** Keeps a process for one token. */
export type Connection = {
  /**
   * Runs on a process that is logged in, and again on a new one after a fault that may pass, inside
   * `totalTimeoutMs`.
   */
  readonly use: <T>(use: Use<T>) => Promise<{ readonly value: T; readonly attempts: number }>
  /** Logs out and ends the process; whoever waits is told. */
  readonly close: () => Promise<void>
}

/** Faults that pass by themselves, once it is known that everything is right in principle. */
const PASSING = ['PKCS11_UNAVAILABLE', 'PKCS11_TIMEOUT', 'PKCS11_TOKEN_NOT_FOUND'] as const

export function createConnection(options: ConnectionOptions): Connection {
  const { limits, idleTimeoutMs } = options
  const closing = new AbortController()
  const links = createLinks({ ...options, closing: closing.signal })
  let active = 0
  let idle: NodeJS.Timeout | undefined

  const isPassing = (thrown: unknown) =>
    links.haveWorked() && PASSING.some((code) => isSignerError(thrown, code))

  function rest(): void {
    if (idleTimeoutMs === undefined || closing.signal.aborted) return
    idle = setTimeout(() => void links.end(), idleTimeoutMs)
    idle.unref()
  }

  async function attempts<T>({ subject, signal, run }: Use<T>) {
    const { totalTimeoutMs } = limits
    const key = showPkcs11Uri(subject)
    let count = 0
    let before: Error | undefined
    const onTimeout = () =>
      // What the total time cut short tells less than the attempt before it.
      before ??
      new SignerError('PKCS11_TIMEOUT', {
        key,
        limit: 'totalTimeoutMs',
        attempts: count,
        elapsedMs: totalTimeoutMs,
      })
    const attempt = async (abort: AbortSignal) =>
      abortable(run(await abortable(links.get(), abort)), abort)
    const value = await retrying(
      {
        totalTimeoutMs,
        signal,
        clock: createClock(),
        pauseMs: (thrown, failed) =>
          isPassing(thrown) ? doubling(PAUSE_MS, MAX_PAUSE_MS, failed) : undefined,
        finalError: (thrown, _, elapsedMs) => counted(thrown, count, elapsedMs),
      },
      async (_, timeoutMs) => {
        count += 1
        try {
          return await withDeadline({ signal, timeoutMs, onTimeout }, attempt)
        } catch (thrown) {
          before = thrown instanceof Error ? thrown : undefined
          throw thrown
        }
      },
    )
    return { value, attempts: count }
  }

  return Object.freeze({
    async use(use) {
      clearTimeout(idle)
      active += 1
      try {
        return await attempts(use)
      } finally {
        active -= 1
        if (active === 0) rest()
      }
    },
    async close() {
      closing.abort()
      clearTimeout(idle)
      await links.end()
    },
  } satisfies Connection)
}
