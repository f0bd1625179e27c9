/** Notices that the clock of the database jumped, and keeps waiting requests from expiring by it. @module */

import { isObject } from '../audit/body.ts'
import type { Session } from '../database/database.ts'
import type { RequestContext } from './context.ts'

/** What was noticed. */
export type ClockJump = {
  /** Milliseconds; below zero when it went back. */
  readonly byMs: number
  /** Requests whose time was moved along. */
  readonly moved: number
}

/** A database that answers late is no jump: connecting and a statement may take 20 s. */
const TOLERANCE_MS = 60_000

/**
 * Time that passes is measured by this process, which no clock can change. What the clock of the
 * database says beyond that is a jump: the time of open requests is moved by as much, so that it is
 * what they had left, and a `clock` record tells. Approvals are never made to last longer: they are
 * moved back alone. Of several processes the first that notices does it.
 *
 * @param monotonic - Milliseconds that pass, from anywhere.
 * @returns A function that looks, and resolves to what the clock says and the jump since the last look.
 *   The first look only begins: nobody knows yet whether the clock is right, so it says no time. Rejects
 *   with what the database throws, and looks again then.
 */
export function createClockWatch(
  { database, audit, onChanged }: Pick<RequestContext, 'database' | 'audit' | 'onChanged'>,
  monotonic: () => number = () => performance.now(),
): () => Promise<{ readonly now?: Date; readonly jump?: ClockJump }> {
  let last: { readonly at: number; readonly passed: number; readonly sequence: number } | undefined

  return async () => {
    const [row] = await database.query<{ now: Date; sequence: number }>(
      'SELECT clock_timestamp() AS now, (SELECT sequence FROM audit_head) AS sequence',
    )
    const { now, sequence } = row ?? { now: new Date(0), sequence: 0 } // without FROM it has one row
    const passed = monotonic()
    const before = last
    const seen = { at: now.getTime(), passed, sequence }
    if (before === undefined) {
      last = seen
      return {}
    }
    const expected = before.at + passed - before.passed
    const byMs = Math.round(seen.at - expected)
    if (Math.abs(byMs) < TOLERANCE_MS) {
      last = seen
      return { now }
    }
    const moved = await database.transaction(async (session) => {
      // The end of the trail is locked first: whoever waits for it finds the record of the other.
      await session.query('SELECT sequence FROM audit_head FOR UPDATE')
      if (await isToldSince(session, before.sequence, byMs)) return undefined
      const ids = await moveTimes(session, byMs)
      const facts = { byMs, from: Math.round(expected), to: seen.at, moved: ids.length }
      await audit.append(session, [{ kind: 'clock', actor: 'server', requestIds: [], facts }])
      return ids
    })
    last = seen
    if (moved === undefined) return { now }
    if (moved.length > 0) onChanged(moved)
    return { now, jump: { byMs, moved: moved.length } }
  }
}

async function isToldSince(session: Session, sequence: number, byMs: number): Promise<boolean> {
  const rows = await session.query<{ body: string }>(
    `SELECT body FROM audit WHERE kind = 'clock' AND sequence > $1`,
    [sequence],
  )
  return rows.some(({ body }) => {
    const { facts }: { facts?: unknown } = JSON.parse(body) // a body of the trail is an object
    const told = isObject(facts) ? Number(facts['byMs']) : Number.NaN
    return Math.abs(told - byMs) < TOLERANCE_MS
  })
}

/** @returns The ids of the requests that were moved. */
async function moveTimes(session: Session, byMs: number): Promise<readonly string[]> {
  const by = `$1::double precision * interval '1 millisecond'`
  if (byMs < 0)
    await session.query(
      `UPDATE approvals SET expires_at = expires_at + ${by}
      WHERE withdrawn_at IS NULL AND expires_at > clock_timestamp()`,
      [byMs],
    )
  const rows = await session.query<{ id: string }>(
    `UPDATE requests SET expires_at = expires_at + ${by}, updated_at = clock_timestamp()
    WHERE state IN ('waiting', 'ready', 'released') AND decided_at IS NULL RETURNING id`,
    [byMs],
  )
  return rows.map(({ id }) => id)
}
