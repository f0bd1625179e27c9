/** An operator's word on an item whose outcome the relay does not decide alone. @module */

import type { Relay } from 'fcl-kms/relay'
import type { Principal } from '../access/principal.ts'
import { AdminError } from '../errors.ts'
import type { RequestContext } from './context.ts'
import { jobIdOf } from './intent.ts'

/** What was found on chain. */
export type Resolution = {
  /** `queued`: it was not executed, so it is tried again. */
  readonly as: 'done' | 'failed' | 'queued'
  readonly reason: string
  /** 64 digits, of the transaction that executed it. */
  readonly transactionId?: string
}

/** @throws {AdminError} `NOT_FOUND`, or `NOT_QUARANTINED` when there is nothing to decide. */
export async function resolveItem(
  { database, audit, onChanged }: RequestContext,
  relay: Relay,
  { name: actor }: Principal,
  requestId: string,
  index: number,
  { as: state, reason, transactionId }: Resolution,
): Promise<void> {
  const jobId = jobIdOf(requestId, index)
  await database.transaction(async (session) => {
    const [item] = await session.query<{ state: string }>(
      'SELECT state FROM items WHERE job_id = $1 FOR UPDATE',
      [jobId],
    )
    if (item === undefined) throw new AdminError('NOT_FOUND')
    if (item.state !== 'quarantined') throw new AdminError('NOT_QUARANTINED', { state: item.state })
    const facts = { jobId, state, reason, transactionId: transactionId ?? null }
    await audit.append(session, [{ kind: 'resolution', actor, requestIds: [requestId], facts }])
    if (state === 'queued')
      await session.query(`UPDATE items SET state = 'submitted' WHERE job_id = $1`, [jobId])
  })
  // After the record. When this fails the item is in doubt again with the next sweep.
  const told = { state, reason, ...(transactionId === undefined ? {} : { transactionId }) }
  await relay.resolve(jobId, told)
  onChanged([requestId])
}
