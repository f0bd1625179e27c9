/** What is counted, for Prometheus; that of relay, pool and signers comes from the library. @module */

import type { SignObserver } from 'fcl-kms'
import { createPrometheusMetrics, type PrometheusMetrics } from 'fcl-kms/observability'
import * as prometheus from 'prom-client'
import type { ReconciliationState } from '../reconciliation/reconciler.ts'

/** See `createMetrics`. */
export type Metrics = {
  readonly library: PrometheusMetrics
  readonly onSign: SignObserver
  readonly onAnswer: (route: string, method: string, status: number, seconds: number) => void
  readonly onRefusal: (code: string) => void
  readonly onRequest: (functionName: string) => void
  readonly onTrouble: (where: string) => void
  /** How the reconciliation with CloudTrail stands, of all processes. */
  readonly onReconciliation: (state: ReconciliationState) => void
  /** Requests to signers a second, over the last seconds. */
  readonly callsPerSecond: () => number
  /** Text of Prometheus, and its media type. */
  readonly scrape: () => Promise<{ readonly text: string; readonly type: string }>
}

/** Rates are over so many seconds. */
const WINDOW_S = 5
const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** @param account - The label of relay metrics. */
export function createMetrics(account: string): Metrics {
  const register = new prometheus.Registry()
  prometheus.collectDefaultMetrics({ register, prefix: 'fcl_kms_admin_' })
  const library = createPrometheusMetrics({ client: prometheus, register, address: account })
  const answers = new prometheus.Histogram({
    name: 'fcl_kms_admin_answer_seconds',
    help: 'Time to answer a call.',
    labelNames: ['route', 'method', 'status'],
    buckets: seconds,
    registers: [register],
  })
  const counter = (name: string, help: string, label: string) =>
    new prometheus.Counter({ name, help, labelNames: [label], registers: [register] })
  const refusals = counter('fcl_kms_admin_refusals_total', 'Calls that were refused.', 'code')
  const requests = counter('fcl_kms_admin_requests_total', 'Requests taken in.', 'function')
  const troubles = counter('fcl_kms_admin_troubles_total', 'Loops that failed and go on.', 'where')
  const gauge = (name: string, help: string, labelNames: readonly string[] = []) =>
    new prometheus.Gauge({ name, help, labelNames: [...labelNames], registers: [register] })
  const reconciled = gauge(
    'fcl_kms_admin_reconciled_until_seconds',
    'What was signed before is compared with CloudTrail; 0 before the first time, or without it.',
  )
  const findings = gauge(
    'fcl_kms_admin_reconciliation_findings',
    'What the comparison with CloudTrail found in the last seven days.',
    ['kind'],
  )
  for (const kind of ['foreign', 'missing', 'unreadable']) findings.set({ kind }, 0)
  const window: { readonly second: number; calls: number }[] = []

  function note(calls: number): void {
    const second = Math.floor(performance.now() / 1_000)
    const last = window.at(-1)
    if (last?.second === second) last.calls += calls
    else window.push({ second, calls })
    while ((window[0]?.second ?? second) < second - WINDOW_S) window.shift()
  }

  return {
    library,
    onSign(event) {
      library.onSign(event)
      note(event.attempts)
    },
    onAnswer: (route, method, status, took) =>
      answers.observe({ route, method, status: String(status) }, took),
    onRefusal: (code) => refusals.inc({ code }),
    onRequest: (name) => requests.inc({ function: name }),
    onTrouble: (where) => troubles.inc({ where }),
    onReconciliation({ until, findings: found }) {
      reconciled.set(until / 1_000)
      for (const [kind, count] of Object.entries(found)) findings.set({ kind }, count)
    },
    callsPerSecond() {
      const now = Math.floor(performance.now() / 1_000)
      const recent = window.filter(({ second }) => second < now && second >= now - WINDOW_S)
      return recent.reduce((total, { calls }) => total + calls, 0) / WINDOW_S
    },
    scrape: async () => ({ text: await register.metrics(), type: register.contentType }),
  }
}
