/** Counters and a histogram of requests to signers, such as AWS KMS. @module */

import type { SignEvent } from '../authorizer/observer.ts'
import type { GovernorReport } from '../signers/governor/governor.ts'
import { codeLabel, quotaLabel } from './labels.ts'
import type { MetricMaker } from './metric-maker.ts'
import { secondsBuckets } from './relay-metrics.ts'

/** Counts what authorizers ask of signers. No account and no key is a label: there may be many. */
export type SignatureMetrics = {
  readonly onSign: (event: SignEvent) => void
  readonly onGovernorReport: (report: GovernorReport) => void
}

const kinds = ['transaction', 'user-message', 'account-proof'] as const

export function createSignatureMetrics({ counter, histogram }: MetricMaker): SignatureMetrics {
  const durations = histogram(
    secondsBuckets,
    'signature_seconds',
    'One signature, with all its requests and its verification.',
    ['kind', 'outcome'],
  )
  const requests = counter(
    'signature_requests_total',
    'Requests to the backends of signers, such as KMS, retries included.',
    ['kind'],
  )
  const retries = counter(
    'signature_retries_total',
    'Requests to the backends of signers after the first for a signature.',
    ['kind'],
  )
  const errors = counter('signature_errors_total', 'Signatures that failed.', ['kind', 'code'])
  const reports = counter(
    'governor_reports_total',
    'Times that a backend throttled and the rate was halved, or that turns could not be shared.',
    ['quota', 'event'],
  )
  for (const kind of kinds) {
    requests.inc({ kind }, 0)
    retries.inc({ kind }, 0)
    for (const outcome of ['signed', 'failed']) durations.zero({ kind, outcome })
  }
  return {
    onSign({ kind, attempts, durationMs, errorCode }) {
      const outcome = errorCode === undefined ? 'signed' : 'failed'
      durations.observe({ kind, outcome }, durationMs / 1_000)
      requests.inc({ kind }, attempts)
      retries.inc({ kind }, Math.max(0, attempts - 1))
      if (errorCode !== undefined) errors.inc({ kind, code: codeLabel(errorCode) })
    },
    onGovernorReport: ({ name, event }) => reports.inc({ quota: quotaLabel(name), event }),
  }
}
