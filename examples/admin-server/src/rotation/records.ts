/** What the audit trail says of a rotation: that it was seen, and how it ended. Each once. @module */

import type { RotationRecord } from 'fcl-kms/provisioning'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Database, Session } from '../database/database.ts'

/** Transactions that a record names at most; the history of the rotation has all. */
const MAX_NAMED = 50

/**
 * @param record - The one that is open, or the newest. One that was open before and is another's place
 *   now has ended between two looks.
 * @returns Whether something was told.
 */
export async function tellOfRotation(
  database: Database,
  audit: Audit,
  record: RotationRecord,
): Promise<boolean> {
  return database.transaction(async (session) => {
    const entries = [
      ...(await endUnseen(session, record.id)),
      ...((await isFirst(session, record.id)) ? [entry('seen', record)] : []),
      ...(record.state !== 'open' && (await isLast(session, record.id))
        ? [entry('ended', record)]
        : []),
    ]
    if (entries.length > 0) await audit.append(session, entries)
    return entries.length > 0
  })
}

/** Another one is there: what became of these nobody has seen. */
async function endUnseen(session: Session, id: string): Promise<readonly AuditEntry[]> {
  const rows = await session.query<{ id: string }>(
    'UPDATE rotations_told SET ended = true WHERE NOT ended AND id <> $1 RETURNING id',
    [id],
  )
  return rows.map((row) => ({
    ...{ kind: 'rotation', actor: 'server', requestIds: [] },
    facts: { what: 'ended', rotation: row.id, state: null },
  }))
}

async function isFirst(session: Session, id: string): Promise<boolean> {
  const rows = await session.query(
    'INSERT INTO rotations_told (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id',
    [id],
  )
  return rows.length > 0
}

async function isLast(session: Session, id: string): Promise<boolean> {
  const rows = await session.query(
    'UPDATE rotations_told SET ended = true WHERE id = $1 AND NOT ended RETURNING id',
    [id],
  )
  return rows.length > 0
}

function entry(what: 'seen' | 'ended', record: RotationRecord): AuditEntry {
  const { id, state, step, plan, newKey, history } = record
  const transactionIds = [...new Set(history.flatMap((one) => one.transactionId ?? []))]
  return {
    kind: 'rotation',
    actor: 'server',
    requestIds: [],
    facts: {
      what,
      rotation: id,
      state,
      step,
      mode: plan.mode,
      emergency: plan.emergency,
      keyIndex: plan.old.keyIndex,
      oldPublicKey: plan.old.publicKey,
      newPublicKey: newKey?.publicKey ?? null,
      newKeyIndex: newKey?.weightedIndex ?? null,
      transactionIds: transactionIds.slice(-MAX_NAMED),
    },
  }
}
