/** Compares CloudTrail with the audit trail again and again: is there a signature that is not ours? @module */

import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import type { KMSClient } from '@aws-sdk/client-kms'
import { lookUpSignEvents, type Reconciliation, reconcile, slackMs } from 'fcl-kms/reconciliation'
import type { Audit } from '../audit/audit.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../database/database.ts'
import { createLoop, type Loop } from '../execution/loop.ts'
import { type FindingKind, type FoundThing, findingsOf, recordFindings } from './findings.ts'
import { ownRecords, readBeginning } from './own-records.ts'
import { readWatchedKeys, type WatchedKeys } from './watched-keys.ts'

/** How it stands, of all processes. */
export type ReconciliationState = {
  /** Milliseconds since 1970: what was signed before is judged. 0 before the first run. */
  readonly until: number
  readonly verdict: Reconciliation['verdict'] | 'none'
  /** Of the last seven days. */
  readonly findings: Readonly<Record<FindingKind, number>>
}

/** What it needs. */
export type ReconcilerParts = {
  readonly config: Pick<Config, 'aws' | 'audit'>
  /** Of KMS, as the configuration names them. */
  readonly keys: readonly string[]
  readonly database: Database
  readonly audit: Audit
  readonly kms: KMSClient
  /** Writes down what was signed and never sent. */
  readonly flush: () => Promise<void>
  readonly onState: (state: ReconciliationState) => void
  readonly onFound: (found: FoundThing) => void
  /** Told of each comparison, so that somebody notices when there are none. */
  readonly onRun: (run: Pick<ReconciliationState, 'until' | 'verdict'>) => void
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** A reconciliation that comes back. */
export type Reconciler = {
  /** Reconciles if it is due and no other process does. @returns Whether there is more to judge. */
  readonly look: () => Promise<boolean>
  readonly loop: Loop
}

/** Each event is looked at for that long again, since CloudTrail may tell it late. */
const OVERLAP_MS = 7_200_000
/** Judged in one run at most, so that a server that was away comes back in parts. */
const SPAN_MS = 6 * 3_600_000
/** Younger signatures are not judged: another process may not have written down its own yet. */
const GRACE_MS = 300_000
const LOOK_MS = 10_000
/** A process that died in a run is waited for that long. */
const LEASE_MINUTES = 15

export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { config, database, audit, now = Date.now } = parts
  const { everyMinutes, webhookUrl } = config.audit.reconciliation ?? { everyMinutes: 60 }
  const stopping = new AbortController()
  let watched: WatchedKeys | undefined

  async function run(until: number): Promise<boolean> {
    const { signal } = stopping
    await parts.flush()
    const time = now()
    const beginning = await readBeginning(database)
    const from = Math.max(until - OVERLAP_MS, beginning ?? time)
    const latest = time - GRACE_MS
    const to = Math.min(latest, from + SPAN_MS)
    const told = from < to ? await judge({ from, to, now: time }, signal) : undefined
    await database.transaction(async (session) => {
      const found = told === undefined ? [] : findingsOf(told)
      await session.query('UPDATE reconciliation SET until_ms = $1, verdict = $2, next_at = $3', [
        to,
        told?.verdict ?? 'none',
        new Date(to < latest ? time : time + everyMinutes * 60_000),
      ])
      for (const one of await recordFindings(session, audit, found, webhookUrl)) parts.onFound(one)
    })
    parts.onRun({ until: to, verdict: told?.verdict ?? 'none' })
    return to < latest
  }

  async function judge(
    span: { readonly from: number; readonly to: number; readonly now: number },
    signal: AbortSignal,
  ): Promise<Reconciliation> {
    watched ??= await readWatchedKeys(parts.kms, parts.keys, signal)
    const { arns, regions } = watched
    return reconcile({
      keys: arns,
      ...span,
      events: eventsOf(config.aws, regions, { from: span.from, to: span.to, signal }),
      own: ownRecords(database, audit, span.from - slackMs),
    })
  }

  async function look(): Promise<boolean> {
    const until = await claim(database, now())
    try {
      return until === undefined ? false : await run(until)
    } catch (thrown) {
      if (stopping.signal.aborted) return false
      throw thrown
    } finally {
      parts.onState(await readState(database))
    }
  }

  const loop = createLoop(LOOK_MS, look)
  return {
    look,
    loop: {
      ...loop,
      async stop() {
        stopping.abort()
        await loop.stop()
      },
    },
  }
}

/** @returns How far it came; `undefined` when it is not due, or another process does it. */
async function claim(database: Database, now: number): Promise<number | undefined> {
  const [row] = await database.query<{ until: number }>(
    `UPDATE reconciliation SET next_at = $1::timestamptz + $2::integer * interval '1 minute'
    WHERE next_at <= $1::timestamptz RETURNING until_ms AS until`,
    [new Date(now), LEASE_MINUTES],
  )
  return row?.until
}

async function* eventsOf(
  { endpoint }: Config['aws'],
  regions: readonly string[],
  question: { readonly from: number; readonly to: number; readonly signal: AbortSignal },
) {
  for (const region of regions) {
    const client = new CloudTrailClient({ region, ...(endpoint === undefined ? {} : { endpoint }) })
    try {
      yield* lookUpSignEvents({ client, ...question })
    } finally {
      client.destroy()
    }
  }
}

/** For metrics and the dashboard. */
export async function readState(database: Pick<Database, 'query'>): Promise<ReconciliationState> {
  const [[row], counts] = await Promise.all([
    database.query<{ until: number; verdict: ReconciliationState['verdict'] }>(
      'SELECT until_ms AS until, verdict FROM reconciliation',
    ),
    database.query<{ kind: FindingKind; count: number }>(
      `SELECT kind, count(*) AS count FROM reconciliation_findings
      WHERE found_at > clock_timestamp() - interval '7 days' GROUP BY kind`,
    ),
  ])
  const countOf = (kind: FindingKind) => counts.find((one) => one.kind === kind)?.count ?? 0
  return {
    until: row?.until ?? 0,
    verdict: row?.verdict ?? 'none',
    findings: {
      foreign: countOf('foreign'),
      missing: countOf('missing'),
      unreadable: countOf('unreadable'),
    },
  }
}
