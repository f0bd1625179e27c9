/** The single requests of a command, those that the SDK sends again by itself among them. @module */

import { factsOf } from '../aws/thrown-facts.ts'
import type { SignPace } from '../signer.ts'
import { readKmsFailure } from './failures.ts'

type Next<Args, Result> = (args: Args) => Promise<Result>

/** A command of the SDK, by shape: there may be two copies of it. */
type Command<Args, Result> = {
  readonly middlewareStack: {
    add(
      middleware: (next: Next<Args, Result>) => Next<Args, Result>,
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void
  }
}

/** Watches the requests of one command more. `onFailure` gets what each that failed failed with. */
export type Watch = <Args, Result, C extends Command<Args, Result>>(
  command: C & Command<Args, Result>,
  signal: AbortSignal,
  onFailure: (thrown: unknown) => void,
) => C

/** Requests that left, and those of them to which KMS said no. What is in neither answer is unknown. */
export type RequestCount = { sent: number; refused: number }

/** What is done at each request. */
export type WatchOptions = {
  /** Counted up. */
  readonly count: RequestCount
  /** Waits for a turn of the quota; the very first request has it. */
  readonly nextTurn: () => Promise<void>
  /** Is told of requests that were throttled. */
  readonly pace?: SignPace | undefined
  /** Whether another request may follow one that failed so. */
  readonly mayRepeat: (thrown: unknown) => boolean
}

/** @returns A function for all commands of one operation. */
export function watchRequests({ count, nextTurn, pace, mayRepeat }: WatchOptions): Watch {
  let isFirst = true
  let last: { readonly thrown: unknown } | undefined
  return (command, signal, onFailure) => {
    command.middlewareStack.add(
      (next) => async (args) => {
        if (last !== undefined) throw last.thrown
        if (!isFirst) await nextTurn()
        isFirst = false
        count.sent += 1
        try {
          return await next(args)
        } catch (thrown) {
          if (wasRefused(thrown)) count.refused += 1
          if (!mayRepeat(thrown)) last = { thrown }
          if (!signal.aborted) onFailure(thrown)
          if (readKmsFailure(thrown).throttled) pace?.throttled()
          throw thrown
        }
      },
      // Low is inside the SDK's own retries.
      { step: 'finalizeRequest', priority: 'low', name: 'watchRequests' },
    )
    return command
  }
}

/** KMS answered that it did nothing, or was never reached. */
function wasRefused(thrown: unknown): boolean {
  const { status, code } = factsOf(thrown)
  return status >= 400 || /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/.test(code)
}
