/** The figures of the overview, read at most once a second however many look. @module */

import type { SigningGovernor } from 'fcl-kms'
import type { Relay } from 'fcl-kms/relay'
import type { Database } from '../database/database.ts'
import { readState } from '../reconciliation/reconciler.ts'
import { isOfRotation, type RotationWatch } from '../rotation/watch.ts'
import type { Metrics } from './metrics.ts'

/** Shape of http/schemas/. */
export type Stats = {
  readonly at: string
  /** Proposal keys are held by a rotation: nothing is signed, and it goes on by itself. */
  readonly rotating: boolean
  /** The one that is under way. */
  readonly rotation: {
    readonly id: string
    readonly step: string
    readonly startedAt: string
  } | null
  readonly paused: boolean
  readonly held: { readonly code: string; readonly detail: string } | null
  readonly requests: Readonly<Record<string, number>>
  readonly jobs: Readonly<Record<string, number>>
  readonly sealedLastMinute: number
  readonly kmsCallsPerSecond: number
  readonly kmsThrottledPerSecond: number
  readonly proposalKeys: {
    readonly free: number
    readonly busy: number
    readonly quarantined: number
  }
  readonly requestToSealMs: { readonly p50: number; readonly p99: number } | null
  /** Null when CloudTrail is not compared. Findings are of the last seven days. */
  readonly reconciliation: {
    readonly until: string
    readonly verdict: string
    readonly foreign: number
    readonly missing: number
    readonly unreadable: number
  } | null
  readonly version: string
}

export type StatsReader = { readonly read: () => Promise<Stats> }

const KEEP_MS = 900

export function createStats(parts: {
  readonly database: Database
  /** Tells of its hold and keys. */
  readonly relay: Relay
  readonly governor: SigningGovernor
  readonly rotating: Pick<RotationWatch, 'current'>
  readonly metrics: Pick<Metrics, 'callsPerSecond'>
  readonly version: string
  readonly isReconciled: boolean
}): StatsReader {
  const { database, relay, governor, rotating, metrics, version, isReconciled } = parts
  let held: { readonly at: number; readonly stats: Promise<Stats> } | undefined

  let told = { at: performance.now(), throttled: 0 }

  /** Since it was asked before, retries that then succeeded included. */
  function throttleRate(): number {
    const throttled = [...governor.stats().values()].reduce((sum, one) => sum + one.throttled, 0)
    const at = performance.now()
    const perSecond = ((throttled - told.throttled) / Math.max(1, at - told.at)) * 1_000
    told = { at, throttled }
    return Math.round(perSecond * 100) / 100
  }

  async function readNow(): Promise<Stats> {
    const [relayStats, reconciliation, states, sealed] = await Promise.all([
      relay.stats(),
      isReconciled ? readState(database) : undefined,
      database.query<{ state: string; count: number }>(
        `SELECT state, count(*) AS count FROM requests
        WHERE state IN ('waiting', 'ready', 'released') GROUP BY state`,
      ),
      database.query<{ count: number; p50: number | null; p99: number | null }>(
        `SELECT coalesce(sum(done_count), 0)::bigint AS count,
          percentile_cont(0.5) WITHIN GROUP (ORDER BY took) AS p50,
          percentile_cont(0.99) WITHIN GROUP (ORDER BY took) AS p99
        FROM (SELECT done_count,
            1000 * extract(epoch FROM finished_at - coalesce(ready_at, created_at))::float8 AS took
          FROM requests WHERE updated_at > clock_timestamp() - interval '1 minute'
            AND finished_at > clock_timestamp() - interval '1 minute'
            AND state IN ('done', 'partly-failed')) AS ended`,
      ),
    ])
    const { held: standing, proposalKeys, jobs } = relayStats
    const { open, held: isRotating } = rotating.current()
    const hold = isRotating && isOfRotation(standing?.code) ? undefined : standing
    const [ended] = sealed
    const busy = proposalKeys.leased + proposalKeys.inFlight
    return {
      at: new Date().toISOString(),
      rotating: isRotating,
      rotation:
        open === undefined
          ? null
          : { id: open.id, step: open.step, startedAt: new Date(open.createdAt).toISOString() },
      paused: hold?.code === 'PAUSED',
      held: hold === undefined ? null : { code: hold.code, detail: hold.reason },
      requests: Object.fromEntries(states.map(({ state, count }) => [state, count])),
      jobs,
      sealedLastMinute: ended?.count ?? 0,
      kmsCallsPerSecond: metrics.callsPerSecond(),
      kmsThrottledPerSecond: throttleRate(),
      proposalKeys: {
        free: Math.max(0, proposalKeys.keys - busy),
        busy,
        quarantined: proposalKeys.quarantined,
      },
      requestToSealMs:
        ended === undefined || ended.p50 === null || ended.p99 === null
          ? null
          : { p50: Math.round(ended.p50), p99: Math.round(ended.p99) },
      reconciliation:
        reconciliation === undefined
          ? null
          : {
              until: new Date(reconciliation.until).toISOString(),
              verdict: reconciliation.verdict,
              ...reconciliation.findings,
            },
      version,
    }
  }

  return {
    read() {
      if (held === undefined || performance.now() - held.at > KEEP_MS) {
        const stats = readNow()
        const mine = { at: performance.now(), stats }
        held = mine
        stats.catch(() => {
          if (held === mine) held = undefined
        })
      }
      return held.stats
    },
  }
}
