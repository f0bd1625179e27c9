/** What a reconciliation found: told once in the audit trail, and by webhook. @module */

import type { Reconciliation } from 'fcl-kms/reconciliation'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Session } from '../database/database.ts'
import { enqueueWebhook } from '../webhooks/outbox.ts'

/** Kinds, in the words of the metric. */
export type FindingKind = 'foreign' | 'missing' | 'unreadable'

/** One finding. */
export type FoundThing = {
  /** The same each time that it is seen. */
  readonly id: string
  readonly kind: FindingKind
  readonly facts: Readonly<Record<string, unknown>>
}

/** New ones that one run tells; the next run tells the others. */
const MOST = 100

export function findingsOf({
  foreign,
  missing,
  unreadable,
}: Reconciliation): readonly FoundThing[] {
  return [
    ...foreign.map(
      ({ eventId, requestId, keyArn, caller, sourceIp, at, why }): FoundThing => ({
        id: `foreign ${eventId}`,
        kind: 'foreign',
        facts: {
          why,
          eventId: shown(eventId),
          kmsRequestId: shown(requestId),
          kmsKeyId: keyArn,
          caller: shown(caller),
          sourceIp: sourceIp === undefined ? null : shown(sourceIp),
          signedAt: new Date(at).toISOString(),
        },
      }),
    ),
    ...missing.map(
      ({ requestId = '', keyArn, at, why }): FoundThing => ({
        id: `missing ${requestId}`,
        kind: 'missing',
        facts: {
          why,
          kmsRequestId: requestId,
          kmsKeyId: keyArn ?? null,
          signedAt: new Date(at).toISOString(),
        },
      }),
    ),
    ...unreadable.map(
      ({ place, reason, keyArn }): FoundThing => ({
        id: `unreadable ${place}`,
        kind: 'unreadable',
        facts: { place: shown(place), reason, kmsKeyId: keyArn ?? null },
      }),
    ),
  ]
}

/** Texts of others are bounded before they are recorded. */
const shown = (text: string) => text.slice(0, 500)

/**
 * Writes down what was not known, in the transaction of how far it came.
 *
 * @param webhookUrl - Told of each signature that is not ours.
 * @returns What is new.
 */
export async function recordFindings(
  session: Session,
  audit: Pick<Audit, 'append'>,
  found: readonly FoundThing[],
  webhookUrl: string | undefined,
): Promise<readonly FoundThing[]> {
  const known = await session.query<{ id: string }>(
    'SELECT id FROM reconciliation_findings WHERE id = ANY ($1::text[])',
    [found.map(({ id }) => id)],
  )
  const knownIds = new Set(known.map(({ id }) => id))
  const fresh = found.filter(({ id }) => !knownIds.has(id)).slice(0, MOST)
  if (fresh.length === 0) return fresh
  await session.query(
    `INSERT INTO reconciliation_findings (id, kind)
    SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING`,
    [fresh.map(({ id }) => id), fresh.map(({ kind }) => kind)],
  )
  if (webhookUrl !== undefined)
    for (const { id, kind, facts } of fresh)
      if (kind === 'foreign')
        await enqueueWebhook(session, {
          requestId: id,
          url: webhookUrl,
          state: 'foreign',
          body: JSON.stringify({ type: 'signature.foreign', ...facts }),
        })
  await audit.append(
    session,
    fresh.map(
      ({ kind, facts }): AuditEntry => ({
        kind: 'reconciliation',
        actor: 'server',
        requestIds: [],
        facts: { found: kind, ...facts },
      }),
    ),
  )
  return fresh
}
