/** What became of the jobs, brought into the requests by whatever process notices first. @module */

import type { JobRow, RelayStore } from 'fcl-kms/stores'
import type { AuditEntry } from '../audit/audit.ts'
import type { Session } from '../database/database.ts'
import type { RequestContext } from '../requests/context.ts'
import { finishRequests } from '../requests/finish.ts'
import { lockRequestsOf } from '../requests/rows.ts'
import type { MintedIds } from './minted-ids.ts'

/** Items that are looked at in one step. */
const MAX_STEP = 500

/** States of a job that change its item. */
const itemStates: Partial<Record<JobRow['state'], string>> = {
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  quarantined: 'quarantined',
}

/**
 * Reads what the relay knows of these jobs, and settles their items.
 *
 * @returns Job ids that the relay does not know: they were released and never submitted.
 */
export async function settleOutcomes(
  context: RequestContext,
  store: Pick<RelayStore, 'getJobs'>,
  jobIds: readonly string[],
  mintedIds: MintedIds,
): Promise<readonly string[]> {
  const { config, database, audit, onChanged } = context
  const unknown: string[] = []
  for (let start = 0; start < jobIds.length; start += MAX_STEP) {
    const ids = jobIds.slice(start, start + MAX_STEP)
    const jobs = await store.getJobs(config.account.address, ids)
    const known = new Set(jobs.map(({ id }) => id))
    unknown.push(...ids.filter((id) => !known.has(id)))
    const over = jobs.filter(({ state }) => itemStates[state] !== undefined)
    if (over.length === 0) continue
    const done = over.filter(({ state }) => state === 'done').map(({ id }) => id)
    const minted = await mintedIds(done)
    const changed = await database.transaction(async (session) => {
      await lockRequestsOf(
        session,
        over.map(({ id }) => id),
      )
      const settled = await settleItems(session, over, minted)
      if (settled.length === 0) return []
      const touched = [...new Set(settled.map(({ requestId }) => requestId))]
      await finishRequests(context, session, touched)
      await audit.append(session, toEntries(settled))
      return touched
    })
    if (changed.length > 0) onChanged(changed)
  }
  return unknown
}

type Settled = {
  readonly requestId: string
  readonly jobId: string
  readonly state: string
  readonly transactionId: string | null
  readonly blockHeight: number | null
  readonly errorCode: string | null
}

/** Only items that are not settled yet change, so it does not matter how many processes try. */
function settleItems(
  session: Session,
  jobs: readonly JobRow[],
  minted: ReadonlyMap<string, string>,
): Promise<readonly Settled[]> {
  const changes = jobs.map((job) => ({
    jobId: job.id,
    state: itemStates[job.state],
    transactionId: job.transactionId,
    blockHeight: job.blockHeight,
    errorCode: job.errorCode,
    reason: job.reason,
    nftId: minted.get(job.id) ?? null,
  }))
  return session.query<Settled>(
    `UPDATE items AS i SET state = g->>'state', transaction_id = g->>'transactionId',
      block_height = (g->>'blockHeight')::bigint, nft_id = g->>'nftId',
      error_code = g->>'errorCode', reason = g->>'reason',
      finished_at = CASE WHEN g->>'state' = 'quarantined' THEN NULL ELSE clock_timestamp() END
    FROM jsonb_array_elements($1::text::jsonb) AS given(g)
    WHERE i.job_id = g->>'jobId' AND i.state IN ('submitted', 'quarantined')
      AND i.state <> g->>'state'
    RETURNING i.request_id AS "requestId", i.job_id AS "jobId", i.state,
      i.transaction_id AS "transactionId", i.block_height AS "blockHeight",
      i.error_code AS "errorCode"`,
    [JSON.stringify(changes)],
  )
}

/** One record for each transaction and outcome. */
function toEntries(settled: readonly Settled[]): readonly AuditEntry[] {
  const groups = new Map<string, Settled[]>()
  for (const one of settled) {
    const key = JSON.stringify([one.transactionId, one.state, one.errorCode])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { state, transactionId, blockHeight, errorCode } = first
    const requestIds = [...new Set(group.map(({ requestId }) => requestId))]
    return [
      {
        kind: 'outcome',
        actor: 'server',
        requestIds,
        facts: {
          state,
          transactionId,
          blockHeight,
          errorCode,
          jobIds: group.map(({ jobId }) => jobId),
        },
      } satisfies AuditEntry,
    ]
  })
}

/** Items that are in the relay, or should be. @param after - The last of the page before. */
export async function listSubmitted(
  { database }: Pick<RequestContext, 'database'>,
  after: string,
): Promise<readonly string[]> {
  const rows = await database.query<{ jobId: string }>(
    `SELECT job_id AS "jobId" FROM items WHERE state IN ('submitted', 'quarantined')
      AND job_id > $1 ORDER BY job_id LIMIT ${MAX_STEP}`,
    [after],
  )
  return rows.map(({ jobId }) => jobId)
}
