/** How far a rotation has come, for who asked. @module */

import type { NodeConnection } from '../../flow/http.ts'
import { EXPIRY_BLOCKS } from '../../transactions/expiry.ts'
import { blocksLeftOf } from './settle.ts'
import { transactionOf } from './signatures.ts'
import type {
  RotationRecord,
  RotationReport,
  RotationReportState,
  RotationToSign,
} from './types.ts'
import type { World } from './world.ts'

/**
 * @param node - Asked how long the transaction that waits can still be sent.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function reportOf(
  node: NodeConnection,
  record: RotationRecord,
  state: RotationReportState,
  more: {
    readonly signal?: AbortSignal | undefined
    readonly transactionExpiry?: number | undefined
  } = {},
): Promise<RotationReport> {
  const { id, address, step, plan, history, newKey, askAgainAt } = record
  const toSign =
    state === 'waiting-for-signatures'
      ? await toSignOf({ node, signal: more.signal }, record, more.transactionExpiry)
      : undefined
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
  chain: Pick<World, 'node' | 'signal'>,
  { pending }: RotationRecord,
  transactionExpiry: number = EXPIRY_BLOCKS,
): Promise<RotationToSign | undefined> {
  if (pending === undefined) return undefined
  const { purpose, transactionId, missing = '' } = pending
  return {
    purpose,
    transaction: transactionOf(pending),
    transactionId,
    missing,
    expiresInBlocks: await blocksLeftOf(chain, pending, transactionExpiry),
  }
}

/** What a record says by itself. */
export function stateOf({ state, step, pending, askAgainAt }: RotationRecord): RotationReportState {
  if (state !== 'open') return state
  if (pending?.state === 'signing') return 'waiting-for-signatures'
  return step === 'unused' && askAgainAt !== undefined ? 'waiting-until-unused' : 'stopped'
}
