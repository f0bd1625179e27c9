/** What this version of the package puts into a schema. @module */

import { createAttemptFunctions } from './attempt-functions.ts'
import { createHoldFunctions } from './hold-functions.ts'
import { createJobFunctions } from './job-functions.ts'
import { createRowFunctions } from './row-functions.ts'
import { tables1 } from './tables-1.ts'
import { tables2 } from './tables-2.ts'

/** One version of tables and functions. Its number is that of its last step. */
export type Release = {
  /**
   * Step n brings the tables of n - 1 to n. What was released is frozen text: a change is a step
   * more, with no text when only the functions change.
   */
  readonly tables: readonly ((schema: string) => string)[]
  /** All of them, each `CREATE OR REPLACE`. */
  readonly functions: (schema: string) => string
  /**
   * The oldest version whose processes can work with these tables and functions: it grows when one
   * of them no longer takes the arguments that it took, or gives the answer that it gave.
   */
  readonly serves: number
}

/** This one. */
export const release: Release = {
  tables: [tables1, tables2],
  functions: (schema) =>
    [createRowFunctions, createJobFunctions, createAttemptFunctions, createHoldFunctions]
      .map((create) => create(schema))
      .join(''),
  serves: 1,
}
