/** The last resort: what nobody caught. @module */

import type { Log } from './log.ts'

/**
 * It leaves the process in a state that nobody thought of: so that one ends, with one line in the log,
 * and what was in flight is taken over by another process, or by the next.
 */
export function endOnFaults(log: Log): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (thrown: unknown) => {
      log.fatal({ err: thrown, event }, 'ends: nobody caught this')
      process.exit(1)
    })
}
