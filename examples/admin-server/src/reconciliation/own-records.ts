/** Signatures of the audit trail, by time. @module */

import { type OwnReading, readOwnSignatures } from 'fcl-kms/reconciliation'
import type { Audit } from '../audit/audit.ts'
import type { Session } from '../database/database.ts'

const PAGE = 1_000

/** @returns When the trail begins, in milliseconds since 1970; nothing before it can be judged. */
export async function readBeginning(session: Session): Promise<number | undefined> {
  const [row] = await session.query<{ at: number }>(
    'SELECT at_ms AS at FROM audit ORDER BY sequence LIMIT 1',
  )
  return row?.at
}

/** Those from `from` on: some are written down long after they were made. */
export const ownRecords = (
  session: Session,
  audit: Pick<Audit, 'list'>,
  from: number,
): AsyncIterable<OwnReading> => readOwnSignatures(lines(session, audit, from))

/** As `audit export` writes them. */
async function* lines(
  session: Session,
  audit: Pick<Audit, 'list'>,
  from: number,
): AsyncGenerator<string, void, undefined> {
  let after = (await lastBefore(session, from)) ?? 0
  for (;;) {
    const records = await audit.list({ after, limit: PAGE, kind: 'signature' })
    for (const record of records) yield JSON.stringify(record)
    const last = records.at(-1)
    if (records.length < PAGE || last === undefined) return
    after = last.sequence
  }
}

/** Times never go back along the chain, so it can be halved: there is no index by time. */
async function lastBefore(session: Session, at: number): Promise<number | undefined> {
  const [ends] = await session.query<{ first: number | null; last: number | null }>(
    'SELECT min(sequence) AS first, max(sequence) AS last FROM audit',
  )
  if (ends?.first == null || ends.last == null) return undefined
  let [low, high] = [ends.first - 1, ends.last]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const [row] = await session.query<{ at: number }>(
      'SELECT at_ms AS at FROM audit WHERE sequence >= $1 ORDER BY sequence LIMIT 1',
      [middle],
    )
    if (row !== undefined && row.at < at) low = middle
    else high = middle - 1
  }
  return low
}
