/** Approving, and taking an approval back: each in one transaction that locks the request. @module */

import type { Principal } from '../access/principal.ts'
import type { Session } from '../database/database.ts'
import { AdminError } from '../errors.ts'
import type { RequestContext } from '../requests/context.ts'
import {
  databaseNow,
  type RequestRow,
  readApprovals,
  requestColumns,
  toStanding,
} from '../requests/rows.ts'
import { counts, findQuorum, standingKeys } from './quorum.ts'

/**
 * @param digest - What the approver has read: it must be that of the request.
 * @throws {AdminError} `NOT_FOUND`, `SELF_APPROVAL`, `NOT_AN_APPROVER`, `DIGEST_MISMATCH`,
 * `ALREADY_APPROVED`, `ALREADY_DECIDED`, `REQUEST_OVER`.
 */
export async function approve(
  context: RequestContext,
  { name }: Principal,
  requestId: string,
  digest: string,
): Promise<void> {
  const { config, database, audit, accountKeys, onChanged, onReady } = context
  const keys = await accountKeys.weighted()
  const stood = standingKeys(keys).filter(
    ({ rule }) => rule !== 'automatic' && rule.approvers.includes(name),
  )
  await database.transaction(async (session) => {
    const request = await lockRequest(session, requestId)
    if (request.requester === name) throw new AdminError('SELF_APPROVAL')
    if (stood.length === 0) throw new AdminError('NOT_AN_APPROVER')
    assertUndecided(request)
    if (request.digest !== digest) throw new AdminError('DIGEST_MISMATCH')
    const before = (await readApprovals(session, [requestId])).get(requestId) ?? []
    const now = await databaseNow(session)
    assertInTime(request, now)
    const mine = before.find((one) => one.approver === name && one.withdrawnAt === null)
    if (mine !== undefined && counts(toStanding(mine), { ...request, now }))
      throw new AdminError('ALREADY_APPROVED')
    // One that has expired gives way to the new one.
    await session.query(
      `UPDATE approvals SET withdrawn_at = clock_timestamp()
      WHERE request_id = $1 AND approver = $2 AND withdrawn_at IS NULL`,
      [requestId, name],
    )
    await session.query(
      `INSERT INTO approvals (request_id, requester, approver, digest, expires_at)
      VALUES ($1, $2, $3, $4, clock_timestamp() + $5::double precision * interval '1 minute')`,
      [requestId, request.requester, name, digest, config.approvals.validMinutes],
    )
    const state = await settleState(context, session, request)
    const keyIndexes = stood.map(({ keyIndex }) => keyIndex)
    const facts = { digest, keyIndexes, state }
    await audit.append(session, [{ kind: 'approval', actor: name, requestIds: [requestId], facts }])
  })
  onChanged([requestId])
  onReady()
}

/** @throws {AdminError} `NOT_FOUND`, `NOT_APPROVED`, `ALREADY_DECIDED`, `REQUEST_OVER`. */
export async function withdraw(
  context: RequestContext,
  { name }: Principal,
  requestId: string,
): Promise<void> {
  const { database, audit, onChanged } = context
  await database.transaction(async (session) => {
    const request = await lockRequest(session, requestId)
    assertUndecided(request)
    const rows = await session.query(
      `UPDATE approvals SET withdrawn_at = clock_timestamp()
      WHERE request_id = $1 AND approver = $2 AND withdrawn_at IS NULL RETURNING id`,
      [requestId, name],
    )
    if (rows.length === 0) throw new AdminError('NOT_APPROVED')
    const state = await settleState(context, session, request)
    const facts = { digest: request.digest, state }
    await audit.append(session, [
      { kind: 'withdrawal', actor: name, requestIds: [requestId], facts },
    ])
  })
  onChanged([requestId])
}

/** Locks it until the transaction ends. @throws {AdminError} `NOT_FOUND`. */
export async function lockRequest(session: Session, requestId: string): Promise<RequestRow> {
  const [row] = await session.query<RequestRow>(
    `SELECT ${requestColumns} FROM requests AS r WHERE r.id = $1 FOR UPDATE`,
    [requestId],
  )
  if (row === undefined) throw new AdminError('NOT_FOUND')
  return row
}

/**
 * Waiting or ready, by what stands now. One that is released already goes back when it may not sign.
 * By the keys as they were read: taking back must not wait for a chain that does not answer, and before
 * anything is signed they are read anew.
 */
async function settleState(
  { accountKeys }: RequestContext,
  session: Session,
  request: RequestRow,
): Promise<RequestRow['state']> {
  const approvals = (await readApprovals(session, [request.id])).get(request.id) ?? []
  const now = await databaseNow(session)
  const { met } = findQuorum({
    keys: accountKeys.last(),
    approvals: approvals.map(toStanding),
    requester: request.requester,
    digest: request.digest,
    now,
  })
  const state = met ? (request.state === 'released' ? 'released' : 'ready') : 'waiting'
  await session.query(
    `UPDATE requests SET state = $2, updated_at = clock_timestamp(), reason_code = NULL,
      reason = NULL, ready_at = CASE $2 WHEN 'waiting' THEN NULL
        ELSE coalesce(ready_at, clock_timestamp()) END
    WHERE id = $1`,
    [request.id, state],
  )
  return state
}

/** It is over from that moment, not only once somebody has noticed. */
function assertInTime({ state, expiresAt }: RequestRow, now: number): void {
  if (state === 'waiting' && expiresAt.getTime() <= now)
    throw new AdminError('REQUEST_OVER', { state: 'expired' })
}

function assertUndecided({ state, decidedAt }: RequestRow): void {
  if (state !== 'waiting' && state !== 'ready' && state !== 'released')
    throw new AdminError('REQUEST_OVER', { state })
  if (decidedAt !== null) throw new AdminError('ALREADY_DECIDED')
}
