/** Reads the chain of a database from end to end. @module */

import { setImmediate as otherWork } from 'node:timers/promises'
import type { Session } from '../database/database.ts'
import type { AuditHead, AuditVerification, VerifyOptions } from './audit.ts'
import { type ChainBreak, type ChainRow, createChainCheck, verificationOf } from './chain-check.ts'
import { FIRST_HASH, MAX_BODY_BYTES } from './tables.ts'

/** Records read at once: 16 MB if all are as long as they may be. */
const PAGE = 250

/**
 * Finds every edit of a column, a record that was removed, added, doubled or moved, a tail that was cut
 * off, a head or an index that was changed, and what the anchors contradict. Records that are appended
 * meanwhile are left for the next time.
 */
export async function verifyChain(
  session: Session,
  options: VerifyOptions = {},
): Promise<AuditVerification> {
  const { after, anchors, signal } = options
  signal?.throwIfAborted()
  const ends = await readEnds(session)
  const check = createChainCheck({ ...(after && { after }), ...(anchors && { anchors }) })
  const head = ends.head ?? { sequence: 0, hash: FIRST_HASH }
  const done = (broken?: ChainBreak) => verificationOf(check, head, broken)
  if (ends.first < 1) return done({ sequence: ends.first, reason: 'sequence out of range' })
  const until = ends.head?.sequence ?? ends.last
  while (check.last().sequence < until) {
    const from = check.last().sequence
    const rows = await readPage(session, from, Math.min(from + PAGE, until))
    if (rows.length === 0) break
    for (const row of rows) {
      const broken = check.next(row)
      if (broken !== undefined) return done(broken)
    }
    await otherWork() // PGlite answers without leaving this turn of the event loop
    signal?.throwIfAborted()
  }
  return done(endOf(ends, check))
}

type Check = ReturnType<typeof createChainCheck>
type Ends = {
  readonly head: (AuditHead & { readonly at: number }) | undefined
  /** Of all records; 1 and 0 where there are none. */
  readonly first: number
  readonly last: number
  /** Of the index of requests; likewise. */
  readonly firstIndexed: number
  readonly lastIndexed: number
}

/** What the records alone do not show. */
function endOf(ends: Ends, check: Check): ChainBreak | undefined {
  const { sequence } = check.last()
  if (sequence < ends.last && sequence < (ends.head?.sequence ?? ends.last))
    return { sequence: sequence + 1, reason: 'record missing' } // a gap of a whole page
  if (ends.head === undefined) return { sequence, reason: 'head missing' }
  const broken = check.end(ends.head)
  if (broken !== undefined) return broken
  if (ends.last > sequence) return { sequence: sequence + 1, reason: 'records after the head' }
  if (ends.firstIndexed < 1) return { sequence: ends.firstIndexed, reason: 'request index differs' }
  if (ends.lastIndexed > sequence)
    return { sequence: ends.lastIndexed, reason: 'request index differs' }
  return undefined
}

/** One statement, so that the head and the last record are of one moment. */
async function readEnds(session: Session): Promise<Ends> {
  const rows = await session.query<{
    sequence: number | null
    hash: string
    at_ms: number
    first: number | null
    last: number | null
    first_indexed: number | null
    last_indexed: number | null
  }>(`SELECT h.sequence, h.hash, h.at_ms, b.* FROM (SELECT
      (SELECT min(sequence) FROM audit) AS first, (SELECT max(sequence) FROM audit) AS last,
      (SELECT min(sequence) FROM audit_requests) AS first_indexed,
      (SELECT max(sequence) FROM audit_requests) AS last_indexed) b
    LEFT JOIN audit_head h ON true LIMIT 2`)
  const [row] = rows
  // Two heads are as good as none.
  const head = rows.length === 1 && row !== undefined && row.sequence !== null ? row : undefined
  return {
    head: head && { sequence: Number(head.sequence), hash: head.hash, at: head.at_ms },
    first: row?.first ?? 1,
    last: row?.last ?? 0,
    firstIndexed: row?.first_indexed ?? 1,
    lastIndexed: row?.last_indexed ?? 0,
  }
}

/**
 * By range and not by count, so that a doubled sequence is read wherever a page ends; one row more than
 * the range has numbers shows a doubled one too. A body that is longer than any is cut, which its hash
 * shows.
 */
async function readPage(session: Session, after: number, to: number): Promise<readonly ChainRow[]> {
  return session.query<ChainRow>(
    `SELECT a.sequence, a.at_ms AS at, a.kind, a.actor, left(a.body, ${MAX_BODY_BYTES + 1}) AS body,
      a.previous_hash AS "previousHash", a.hash,
      ARRAY(SELECT r.request_id FROM audit_requests r WHERE r.sequence = a.sequence
        LIMIT ${MAX_BODY_BYTES}) AS indexed
    FROM audit a WHERE a.sequence > $1 AND a.sequence <= $2
    ORDER BY a.sequence LIMIT ${PAGE + 1}`,
    [after, to],
  )
}
