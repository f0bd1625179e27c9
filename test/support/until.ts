/** Waits for a condition against a deadline. @module */

import { setTimeout as sleep } from 'node:timers/promises'

/** That of this machine, also where a test holds the clock. */
const realNow = performance.now.bind(performance)

/** Rejects with the condition's text when it does not hold within `deadlineMs`. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 50_000,
): Promise<void> {
  const deadline = realNow() + deadlineMs
  while (!(await condition())) {
    if (realNow() > deadline)
      throw new Error(`not within ${deadlineMs} ms: ${condition.toString().slice(0, 200)}`)
    await sleep(20)
  }
}
