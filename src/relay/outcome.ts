/** How a job ended, as those are told who wait for it. @module */

import { SignerError } from '../errors.ts'
import type { JobRow } from '../stores/store.ts'

/** How a job ended. */
export type JobOutcome = {
  readonly id: string
  /** Null when the contract says that it is fulfilled and the transaction was not looked for. */
  readonly transactionId: string | null
  readonly blockHeight: number | null
}

/** What is waited for. */
export type Stage = 'executed' | 'sealed'

/**
 * @param row - The job as the store has it; `undefined` when it has none.
 * @returns `undefined` while the job goes on.
 */
export function answerOf(
  id: string,
  row: JobRow | undefined,
  stage: Stage,
): JobOutcome | SignerError | undefined {
  if (row === undefined) return new SignerError('JOB_UNKNOWN', { id })
  const { transactionId, blockHeight } = row
  const facts = { id, transactionId: transactionId ?? '', reason: row.reason ?? '' }
  if (row.state === 'failed') return new SignerError('JOB_FAILED', facts)
  if (row.state === 'cancelled') return new SignerError('JOB_CANCELLED', { id })
  if (row.state === 'quarantined') return new SignerError('JOB_QUARANTINED', facts)
  const reached =
    row.state === 'done' || (stage === 'executed' && row.executed && row.errorCode === null)
  return reached ? { id, transactionId, blockHeight } : undefined
}
