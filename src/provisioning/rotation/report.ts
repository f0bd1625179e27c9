/** How far a rotation has come, for who asked. @module */

import { readLatestHeader } from '../../flow/block-headers.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { expiryOf } from '../../transactions/expiry.ts'
import { transactionOf } from './pending.ts'
import type {
  RotationRecord,
  RotationReport,
  RotationReportState,
  RotationToSign,
} from './types.ts'

/**
 * @param node - Asked how long the transaction that waits can still be sent.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function reportOf(
  node: NodeConnection,
  record: RotationRecord,
  state: RotationReportState,
  signal?: AbortSignal,
): Promise<RotationReport> {
  const { id, address, step, plan, history, newKey, askAgainAt } = record
  const toSign =
    state === 'waiting-for-signatures' ? await toSignOf(node, record, signal) : undefined
  return Object.freeze({
    id,
    address,
    state,
    step,
    plan,
    history,
    ...(newKey === undefined ? {} : { newKey }),
    ...(state === 'waiting-until-unused' && askAgainAt !== undefined ? { askAgainAt } : {}),
    ...(toSign === undefined ? {} : { toSign }),
  })
}

async function toSignOf(
  node: NodeConnection,
  { pending }: RotationRecord,
  signal: AbortSignal | undefined,
): Promise<RotationToSign | undefined> {
  if (pending === undefined) return undefined
  const { purpose, transactionId, missing = '', referenceHeight } = pending
  const latest = await readLatestHeader(node, 'final', { signal })
  return {
    purpose,
    transaction: transactionOf(pending),
    transactionId,
    missing,
    expiresInBlocks: expiryOf({ height: referenceHeight }, latest).blocksLeft,
  }
}

/** What a record says by itself. */
export function stateOf({ state, step, pending, askAgainAt }: RotationRecord): RotationReportState {
  if (state !== 'open') return state
  if (pending?.state === 'signing') return 'waiting-for-signatures'
  return step === 'unused' && askAgainAt !== undefined ? 'waiting-until-unused' : 'stopped'
}
