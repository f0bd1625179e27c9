/** What the log tells of reconciliation: alarms of the stack `watch` count these lines. @module */

import type { Log } from '../observability/log.ts'
import type { ReconcilerParts } from './reconciler.ts'

/** @returns One line for each comparison, and one for each thing that it found. */
export const reconciliationLines = (log: Log): Pick<ReconcilerParts, 'onFound' | 'onRun'> => ({
  onFound: ({ kind, facts }) =>
    log[kind === 'foreign' ? 'error' : 'warn']({ found: kind, ...facts }, 'reconciliation'),
  onRun: ({ until, verdict }) =>
    log.info({ verdict, until: new Date(until).toISOString() }, 'reconciled'),
})
