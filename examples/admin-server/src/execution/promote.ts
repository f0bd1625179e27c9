/** Requests that wait although their keys are met: for example since a key can sign again. @module */

import { findQuorum, type WeightedKey } from '../approvals/quorum.ts'
import type { RequestContext } from '../requests/context.ts'
import {
  databaseNow,
  type RequestRow,
  readApprovals,
  requestColumns,
  toStanding,
} from '../requests/rows.ts'

/** Requests that are looked at in one step. */
const PAGE = 200

/** All are looked at so often, in milliseconds, though nothing changed here. */
const AGAIN_MS = 30_000

/**
 * Approvals make requests ready by themselves. When the keys of the account change, nobody approves
 * anew what was approved: so all that wait are looked at once for each change, and now and then, since a
 * process that names other keys may have taken an approval.
 *
 * @returns A function that looks at one page, and resolves to whether there is more to look at.
 */
export function createPromoter(context: RequestContext): () => Promise<boolean> {
  let looked = ''
  let after: number | undefined
  let lookedAt = Number.NEGATIVE_INFINITY

  return async () => {
    const keys = await context.accountKeys.weighted()
    const now = JSON.stringify(keys)
    if (now !== looked || performance.now() - lookedAt >= AGAIN_MS) {
      after = 0
      lookedAt = performance.now()
    }
    looked = now
    if (after === undefined) return false
    after = await promotePage(context, keys, after)
    return after !== undefined
  }
}

/** @returns The position after which to go on; undefined when that was the last page. */
async function promotePage(
  { database, onChanged, onReady }: RequestContext,
  keys: readonly WeightedKey[],
  after: number,
): Promise<number | undefined> {
  const { rows, ready } = await database.transaction(async (session) => {
    const page = await session.query<RequestRow>(
      `SELECT ${requestColumns} FROM requests AS r WHERE r.state = 'waiting'
        AND r.position > $1::bigint
      ORDER BY r.position LIMIT ${PAGE} FOR UPDATE SKIP LOCKED`,
      [after],
    )
    const ids = page.map(({ id }) => id)
    const approvals = await readApprovals(session, ids)
    const now = await databaseNow(session)
    const met = page.filter(({ id, requester, digest, expiresAt }) => {
      const standing = (approvals.get(id) ?? []).map(toStanding)
      const question = { keys, approvals: standing, requester, digest, now }
      return expiresAt.getTime() > now && findQuorum(question).met
    })
    if (met.length > 0)
      await session.query(
        `UPDATE requests SET state = 'ready', ready_at = clock_timestamp(),
          updated_at = clock_timestamp() WHERE id = ANY ($1::text[])`,
        [met.map(({ id }) => id)],
      )
    return { rows: page, ready: met }
  })
  if (ready.length > 0) {
    onChanged(ready.map(({ id }) => id))
    onReady()
  }
  return rows.length < PAGE ? undefined : rows.at(-1)?.position
}
