/** Hands requests whose keys are met to the relay, by whatever process comes first. @module */

import type { Relay, SubmitRequest } from 'fcl-kms/relay'
import { findQuorum } from '../approvals/quorum.ts'
import type { Session } from '../database/database.ts'
import type { RequestContext } from '../requests/context.ts'
import {
  databaseNow,
  type RequestRow,
  readApprovals,
  requestColumns,
  toStanding,
} from '../requests/rows.ts'

/** Requests that are released in one step. */
const MAX_STEP = 200

/** One item that was released. */
export type ReleasedItem = {
  readonly jobId: string
  readonly function: string
  readonly arguments: readonly string[]
  /** The keys that were met when it was released. Those that sign are decided later. */
  readonly keyIndexes: readonly number[]
}

/**
 * Marks the oldest ready requests as released, after another look at their approvals and keys.
 *
 * @returns Their items, to be submitted: a crash before that is mended by `findUnsubmitted`.
 */
export async function releaseReady(context: RequestContext): Promise<readonly ReleasedItem[]> {
  const { database, accountKeys, onChanged } = context
  const keys = await accountKeys.weighted()
  // What others can sign is not sent back by one that cannot.
  if (accountKeys.isLeftBehind()) return []
  const { items, changed } = await database.transaction(async (session) => {
    const ready = await session.query<RequestRow>(
      `SELECT ${requestColumns} FROM requests AS r WHERE r.state = 'ready'
      ORDER BY r.position LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [MAX_STEP],
    )
    if (ready.length === 0) return { items: [], changed: [] }
    const now = await databaseNow(session)
    const approvals = await readApprovals(
      session,
      ready.map(({ id }) => id),
    )
    const released = new Map<string, readonly number[]>()
    const back: string[] = []
    for (const { id, requester, digest } of ready) {
      const standing = (approvals.get(id) ?? []).map(toStanding)
      const quorum = findQuorum({ keys, approvals: standing, requester, digest, now })
      if (quorum.met) released.set(id, quorum.signing)
      else back.push(id)
    }
    await update(session, back, released)
    const rows = await readItems(session, [...released.keys()])
    return { items: rows, changed: ready.map(({ id }) => id) }
  })
  if (changed.length > 0) onChanged(changed)
  return items
}

async function update(
  session: Session,
  back: readonly string[],
  released: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  if (back.length > 0)
    await session.query(
      `UPDATE requests SET state = 'waiting', ready_at = NULL, updated_at = clock_timestamp()
      WHERE id = ANY ($1::text[])`,
      [back],
    )
  if (released.size === 0) return
  await session.query(
    `UPDATE requests AS r SET state = 'released', updated_at = clock_timestamp(),
      key_indexes = ARRAY(SELECT value::integer FROM jsonb_array_elements_text(g->'keys'))
    FROM jsonb_array_elements($1::text::jsonb) AS given(g) WHERE r.id = g->>'id'`,
    [JSON.stringify([...released].map(([id, keys]) => ({ id, keys })))],
  )
  await session.query(
    `UPDATE items SET state = 'submitted' WHERE request_id = ANY ($1::text[]) AND state = 'waiting'`,
    [[...released.keys()]],
  )
}

const readItems = (
  session: Session,
  requestIds: readonly string[],
): Promise<readonly ReleasedItem[]> =>
  session.query<ReleasedItem>(
    `SELECT i.job_id AS "jobId", r.function, i.arguments, r.key_indexes AS "keyIndexes"
    FROM items AS i JOIN requests AS r ON r.id = i.request_id
    WHERE i.request_id = ANY ($1::text[]) AND i.state = 'submitted'
    ORDER BY r.position, i.item_index`,
    [requestIds],
  )

/** The same items by their job ids. */
export const readReleased = (
  { database }: RequestContext,
  jobIds: readonly string[],
): Promise<readonly ReleasedItem[]> =>
  database.query<ReleasedItem>(
    `SELECT i.job_id AS "jobId", r.function, i.arguments, r.key_indexes AS "keyIndexes"
    FROM items AS i JOIN requests AS r ON r.id = i.request_id
    WHERE i.job_id = ANY ($1::text[]) AND i.state = 'submitted' AND r.state = 'released'`,
    [jobIds],
  )

/**
 * Submits them; the same item twice is one job. Rejects with the first failure, after all have been
 * tried: the next sweep tries again.
 */
export async function submitItems(
  { registry }: RequestContext,
  relay: Relay,
  items: readonly ReleasedItem[],
): Promise<void> {
  const results = await Promise.allSettled(
    items.map(async (item) => {
      const enabled = registry.byName(item.function)
      if (enabled === undefined) return // it was taken out of the configuration: it waits
      const { submission } = enabled.template
      // Written by `argumentTexts`, so each is one JSON-Cadence value.
      const args = item.arguments.map((text) => JSON.parse(text))
      const request: SubmitRequest =
        submission.kind === 'batch'
          ? { id: item.jobId, args, batch: item.function, group: groupOf(item) }
          : { id: item.jobId, args, cadence: enabled.cadence, limit: submission.computeLimit }
      await relay.submit(request)
    }),
  )
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Items that the same keys sign share transactions. */
const groupOf = ({ keyIndexes }: ReleasedItem) => `keys-${keyIndexes.join('-')}`
