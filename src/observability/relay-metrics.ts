/** Counters and histograms of what a relay and its pool tell. @module */

import type { PoolReport } from '../proposal-keys/report.ts'
import type { RelayEvent } from '../relay/events.ts'
import { codeLabel, hostLabel, placeLabel } from './labels.ts'
import type { Labels, MetricMaker } from './metric-maker.ts'

/** Counts what happens to the jobs, transactions and keys of one account. */
export type RelayMetrics = {
  readonly onEvent: (event: RelayEvent) => void
  readonly onPoolReport: (report: PoolReport) => void
}

/** Seconds: from one KMS call to the expiry of a reference block. */
export const secondsBuckets: readonly number[] = [
  ...[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600],
]
const jobsBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500]

const stages = ['queued', 'leased', 'signed', 'sent', 'executed', 'sealed'] as const
const jobOutcomes = ['done', 'failed', 'quarantined', 'cancelled'] as const
const resolvedStates = ['queued', 'done', 'failed'] as const
const transactionOutcomes = ['succeeded', 'failed', 'expired', 'refused'] as const
const keyOutcomes = ['executed', 'refused', 'expired', 'moved'] as const
const keyEvents = [
  ...(['drifted', 'quarantined', 'lost', 'abandoned', 'unseen', 'went-backwards'] as const),
  ...(['rotating', 'rotated'] as const),
]

/** @returns Makes the metrics of one account: all accounts share the families. */
export function createRelayMetrics(maker: MetricMaker): (labels: Labels) => RelayMetrics {
  const { counter, histogram } = maker
  const of = (...names: readonly string[]) => ['address', ...names]
  const accepted = counter('relay_jobs_accepted_total', 'Jobs stored.', of())
  const finished = counter('relay_jobs_finished_total', 'Jobs that ended.', of('outcome'))
  const requeued = counter('relay_jobs_requeued_total', 'Jobs that go back to the queue.', of())
  const jobErrors = counter(
    'relay_job_errors_total',
    'Jobs that failed, were quarantined or went back to the queue, by code.',
    of('outcome', 'code'),
  )
  const resolved = counter(
    'relay_jobs_resolved_total',
    'Quarantined jobs that an operator decided.',
    of('state'),
  )
  const stage = histogram(
    secondsBuckets,
    'relay_stage_seconds',
    'Wait for a worker, for a key, signing, one POST; from the signed bytes to execution and seal.',
    of('stage'),
  )
  const batch = histogram(
    jobsBuckets,
    'relay_transaction_jobs',
    'Jobs in one signed transaction.',
    of(),
  )
  const ended = counter('relay_transactions_total', 'Transactions that ended.', of('outcome'))
  const chainErrors = counter(
    'relay_transaction_errors_total',
    'Error codes of sealed transactions.',
    of('code'),
  )
  const sends = counter('relay_sends_total', 'POSTs of transactions.', of('verdict', 'node'))
  const resends = counter('relay_resends_total', 'POSTs of bytes that were sent before.', of())
  const holds = counter('relay_holds_total', 'Times that sending was held or paused.', of('code'))
  const resumes = counter('relay_resumes_total', 'Times that a hold or a pause ended.', of())
  const adopted = counter(
    'relay_transactions_adopted_total',
    'Transactions taken over from a process that is gone.',
    of(),
  )
  const copied = counter(
    'relay_transactions_copied_total',
    'Transactions that somebody sent with other signatures.',
    of(),
  )
  const nodesLeft = counter(
    'relay_nodes_left_total',
    'Times that a node was left for another one.',
    of('node', 'reason'),
  )
  const troubles = counter(
    'relay_troubles_total',
    'Steps that failed and are tried again.',
    of('where', 'code'),
  )
  const settled = counter(
    'proposal_key_settlements_total',
    'Keys freed by what the chain said.',
    of('outcome'),
  )
  const keyTold = counter('proposal_key_events_total', 'What happened to keys.', of('event'))
  const keysAdopted = counter(
    'proposal_key_adoptions_total',
    'Keys taken over from a process that is gone.',
    of(),
  )
  const keyTroubles = counter(
    'proposal_key_troubles_total',
    'Steps of the pool that failed and are tried again.',
    of('code'),
  )

  return (labels) => {
    const seconds = (name: (typeof stages)[number], ms: number) =>
      stage.observe({ ...labels, stage: name }, ms / 1_000)
    // From zero, or the first increase of each would be lost on `increase` and `rate`.
    const plain = [accepted, requeued, resends, resumes, adopted, copied, keysAdopted]
    for (const one of plain) one.inc({ ...labels }, 0)
    for (const outcome of jobOutcomes) finished.inc({ ...labels, outcome }, 0)
    for (const state of resolvedStates) resolved.inc({ ...labels, state }, 0)
    for (const outcome of transactionOutcomes) ended.inc({ ...labels, outcome }, 0)
    for (const outcome of keyOutcomes) settled.inc({ ...labels, outcome }, 0)
    for (const event of keyEvents) keyTold.inc({ ...labels, event }, 0)
    for (const name of stages) stage.zero({ ...labels, stage: name })
    batch.zero({ ...labels })

    function onEvent(event: RelayEvent): void {
      switch (event.kind) {
        case 'accepted':
          accepted.inc({ ...labels })
          break
        case 'signed':
          seconds('queued', event.queuedMs)
          seconds('leased', event.waitedMs)
          seconds('signed', event.signMs)
          batch.observe({ ...labels }, event.jobIds.length)
          break
        case 'sent':
          sends.inc({ ...labels, verdict: event.verdict, node: hostLabel(event.accessNode) })
          if (event.attempt > 1) resends.inc({ ...labels })
          seconds('sent', event.sendMs)
          break
        case 'executed':
          if (!event.adopted) seconds('executed', event.sinceSignedMs)
          break
        case 'sealed':
          for (const code of new Set(event.errorCodes.map(codeLabel)))
            chainErrors.inc({ ...labels, code })
          ended.inc({ ...labels, outcome: event.failed ? 'failed' : 'succeeded' })
          if (!event.adopted) seconds('sealed', event.sinceSignedMs)
          break
        case 'dead':
          ended.inc({
            ...labels,
            outcome: event.reason === 'expired' ? 'expired' : 'refused',
          })
          break
        case 'done':
        case 'cancelled':
          finished.inc({ ...labels, outcome: event.kind })
          break
        case 'failed':
        case 'quarantined':
          finished.inc({ ...labels, outcome: event.kind })
          jobErrors.inc({ ...labels, outcome: event.kind, code: codeLabel(event.code) })
          break
        case 'requeued':
          requeued.inc({ ...labels })
          jobErrors.inc({ ...labels, outcome: event.kind, code: codeLabel(event.code) })
          break
        case 'held':
          holds.inc({ ...labels, code: codeLabel(event.code) })
          break
        case 'resolved':
          resolved.inc({ ...labels, state: event.state })
          break
        case 'paused':
          holds.inc({ ...labels, code: 'PAUSED' })
          break
        case 'resumed':
          resumes.inc({ ...labels })
          break
        case 'adopted':
          adopted.inc({ ...labels }, event.count)
          break
        case 'copied':
          copied.inc({ ...labels })
          break
        case 'node-left':
          nodesLeft.inc({ ...labels, node: hostLabel(event.accessNode), reason: event.reason })
          break
        case 'trouble': {
          const { where, code } = event
          troubles.inc({ ...labels, where: placeLabel(where), code: codeLabel(code) })
          break
        }
      }
    }

    function onPoolReport(report: PoolReport): void {
      if (report.kind === 'settled') settled.inc({ ...labels, outcome: report.outcome })
      else if (report.kind === 'adopted') keysAdopted.inc({ ...labels }, report.count)
      else if (report.kind === 'trouble')
        keyTroubles.inc({ ...labels, code: codeLabel(report.errorCode) })
      else keyTold.inc({ ...labels, event: report.kind })
    }

    return { onEvent, onPoolReport }
  }
}
