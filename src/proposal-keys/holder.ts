/** The name under which a process holds rows of the store. @module */

import { randomUUID } from 'node:crypto'

/** The name of one process. */
export type Holder = {
  readonly current: () => string
  /**
   * Takes something under the name. When the step fails, the store may have given what nobody knows
   * of, and extending the name would keep that for ever. So the process takes another name: what it
   * knows under the old one lapses with the rest, and is adopted again.
   */
  readonly take: <T>(step: (name: string) => Promise<T>) => Promise<T>
}

export function createHolder(): Holder {
  let name: string = randomUUID()
  return {
    current: () => name,
    async take(step) {
      try {
        return await step(name)
      } catch (thrown) {
        name = randomUUID()
        throw thrown
      }
    },
  }
}
