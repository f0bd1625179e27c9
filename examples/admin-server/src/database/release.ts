/** What this version of the server puts into its schema. @module */

import { accessTables } from '../access/tables.ts'
import { auditFunctions, auditTables } from '../audit/tables.ts'
import { reconciliationTables } from '../reconciliation/tables.ts'
import { requestTables } from '../requests/tables.ts'
import { rotationTables } from '../rotation/tables.ts'
import { webhookTables } from '../webhooks/tables.ts'

/** One version of tables and functions. Its number is that of its last step. */
export type Release = {
  /**
   * Step n brings the tables of n - 1 to n. What was released is frozen text: a change is a step
   * more, with no text when only the functions change.
   */
  readonly tables: readonly string[]
  /** All functions and triggers, each `CREATE OR REPLACE`. */
  readonly functions: string
  /** The oldest version whose processes can work with these tables and functions. */
  readonly serves: number
}

/** Says whose functions stand. */
const functionsTable = `
CREATE TABLE functions (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version integer NOT NULL,
  hash text NOT NULL,
  serves integer NOT NULL
);
`

/** This one. */
export const release: Release = {
  tables: [
    [auditTables, accessTables, requestTables, webhookTables].join('\n'),
    functionsTable,
    reconciliationTables,
    rotationTables,
  ],
  functions: auditFunctions,
  serves: 1,
}
