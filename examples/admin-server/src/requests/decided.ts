/** What was decided of a request: keys, weights and approvals as they were then. @module */

import { findQuorum, type Quorum, type WeightedKey } from '../approvals/quorum.ts'
import { isObject } from '../audit/body.ts'
import type { Session } from '../database/database.ts'
import { type ApprovalRow, type RequestRow, toStanding } from './rows.ts'

/** The last decision that let something of a request be signed, from the audit trail. */
export type Decided = {
  /** Milliseconds since 1970. */
  readonly at: number
  /** By key index; absent from records that are older than it. */
  readonly weights?: Readonly<Record<string, number>>
  /** Indexes of the keys whose rule was met. */
  readonly met: readonly number[]
}

/** By request id, of those that are decided. */
export async function readDecided(
  session: Session,
  requests: readonly Pick<RequestRow, 'id' | 'decidedAt'>[],
): Promise<ReadonlyMap<string, Decided>> {
  const ids = requests.flatMap(({ id, decidedAt }) => (decidedAt === null ? [] : [id]))
  if (ids.length === 0) return new Map()
  const rows = await session.query<{ id: string; at: number; body: string }>(
    // Within a text of the body the quotes would have backslashes before them.
    // From the end of each request's records: the first that is found is the one, others are not read.
    `SELECT w.id, d.at, d.body FROM unnest($1::text[]) AS w (id), LATERAL (
      SELECT a.at_ms AS at, a.body
      FROM audit_requests AS r JOIN audit AS a ON a.sequence = r.sequence
      WHERE r.request_id = w.id AND a.kind = 'decision'
        AND position('"verdict":"allowed"' IN a.body) > 0
      ORDER BY r.sequence DESC LIMIT 1
    ) AS d`,
    [ids],
  )
  return new Map(rows.map(({ id, at, body }) => [id, readFacts(id, at, body)]))
}

function readFacts(id: string, at: number, body: string): Decided {
  const { facts }: { facts?: unknown } = JSON.parse(body) // a body of the trail is an object
  const { weights, met } = isObject(facts) ? facts : {}
  const indexes = isObject(met) && Array.isArray(met[id]) ? met[id] : []
  // Both are what `createDecision` writes.
  return isObject(weights)
    ? { at, weights: weights as Record<string, number>, met: indexes as number[] }
    : { at, met: [] }
}

/**
 * What counts for a request: now while it is open, and else as it was when it was decided, or when it
 * ended without a decision. Approvals that lapsed since, and keys that were changed, change nothing.
 *
 * @param keys - As the chain has them now.
 * @param now - Milliseconds since 1970, by the database's clock.
 */
export function quorumOf(
  { requester, digest, decidedAt, finishedAt }: RequestRow,
  approvals: readonly ApprovalRow[],
  decided: Decided | undefined,
  keys: readonly WeightedKey[],
  now: number,
): { readonly quorum: Quorum; readonly at: number } {
  const at = decided?.at ?? decidedAt?.getTime() ?? finishedAt?.getTime() ?? now
  const standing = approvals.map((one) => standingAt(one, at))
  const quorum = findQuorum({ keys, approvals: standing, requester, digest, now: at })
  return { quorum: decided?.weights === undefined ? quorum : recorded(decided, quorum), at }
}

/** As it stood then: taken back or given later is not known at that time. */
export const standingAt = (one: ApprovalRow, at: number): ReturnType<typeof toStanding> => ({
  ...toStanding(one),
  withdrawn:
    one.createdAt.getTime() > at || (one.withdrawnAt !== null && one.withdrawnAt.getTime() <= at),
})

const stranger = (place: number) => ({
  rule: { approvers: [] },
  holder: -1 - place,
  successor: false,
})

/** Weights and rules met are those of the record; the words of a rule are those of today. */
function recorded({ weights = {}, met }: Decided, today: Quorum): Quorum {
  const known = new Map(today.keys.map((key) => [key.keyIndex, key]))
  const keys = Object.entries(weights).map(([index, weight], place) => {
    const keyIndex = Number(index)
    // One that the configuration does not name any more is nobody's.
    const key = known.get(keyIndex) ?? stranger(place)
    return { ...key, keyIndex, weight, revoked: false, met: met.includes(keyIndex) }
  })
  const weight = keys.reduce((sum, key) => sum + (key.met ? key.weight : 0), 0)
  return { weight, met: true, keys, signing: [] }
}
