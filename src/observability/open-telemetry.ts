/** Traces of relays and signers for OpenTelemetry, by the API that the caller has. @module */

import type { Link, Span, SpanContext, Tracer } from '@opentelemetry/api'
import type { SignObserver } from '../authorizer/observer.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { RelayEvent, RelayObserver } from '../relay/events.ts'
import { createBoundedMap } from './bounded-map.ts'
import { guarded } from './guard.ts'
import { codeLabel } from './labels.ts'
import { createSignatureSpans } from './signature-spans.ts'
import { createSpanWriter, type OpenTelemetryApi } from './span-writer.ts'
import { createTransactionSpans } from './transaction-spans.ts'

export type { OpenTelemetryApi } from './span-writer.ts'

/** Options of `createTracing`. */
export type TracingOptions = {
  /** The module @opentelemetry/api. */
  readonly api: OpenTelemetryApi
  /** Default: the one that the API has for `fcl-kms`. */
  readonly tracer?: Tracer
  /** The account of the relay; needed when its authorizer signs for others too. */
  readonly address?: string
  /** Transactions and jobs remembered at most, 1 to 1,000,000. Default 10,000. */
  readonly maxOpen?: number
}

/** To be given to what is observed. None of them throws. */
export type Tracing = {
  /** Of `createRelay`. */
  readonly onEvent: RelayObserver
  /** Of the relay's authorizer, and of any other. */
  readonly onSign: SignObserver
  /** Ends the spans that are open. To be called after the relay was closed. */
  readonly close: () => void
}

/**
 * One trace for each transaction, linked to the spans in which its jobs were submitted: `queued`,
 * `leased`, `signed` with the requests to signers within it, each POST as `sent`, `executed`, `sealed`. A span
 * `relay held` for each time that sending was held or paused.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`.
 */
export function createTracing(options: TracingOptions): Tracing {
  assertKnownKeys(options, ['api', 'tracer', 'address', 'maxOpen'])
  const { api, maxOpen = 10_000 } = options
  if (typeof api?.trace?.setSpan !== 'function' || typeof api.context?.active !== 'function')
    throw invalid('api', 'it is not the module @opentelemetry/api')
  if (!Number.isInteger(maxOpen) || maxOpen < 1 || maxOpen > 1_000_000)
    throw invalid('maxOpen', 'it is not a whole number from 1 to 1000000')
  const { tracer = api.trace.getTracer('fcl-kms') } = options
  if (typeof tracer.startSpan !== 'function') throw invalid('tracer', 'it is no tracer')
  const address = options.address === undefined ? undefined : normalizeAddress(options.address)

  const writer = createSpanWriter(api, tracer)
  const signatures = createSignatureSpans(api, writer, address)
  const submitters = createBoundedMap<string, SpanContext>(maxOpen)
  const linksOf = (jobIds: readonly string[]): Link[] =>
    jobIds.flatMap((id) => {
      const context = submitters.get(id)
      return context === undefined ? [] : [{ context }]
    })
  const transactions = createTransactionSpans(writer, signatures, maxOpen, linksOf)
  let hold: { readonly span: Span; readonly code: string } | undefined

  function endHold(): void {
    if (hold !== undefined)
      writer.end(hold.span, Date.now(), hold.code === 'PAUSED' ? undefined : hold.code)
    hold = undefined
  }

  function startHold(code: string): void {
    endHold()
    const attributes = { 'fcl_kms.hold.code': code }
    hold = { code, span: writer.start('relay held', Date.now(), { attributes }) }
  }

  function onEvent(event: RelayEvent): void {
    signatures.expectSigned()
    switch (event.kind) {
      case 'accepted': {
        const submitter = api.trace.getSpanContext(api.context.active())
        if (submitter !== undefined && api.trace.isSpanContextValid(submitter))
          submitters.set(event.jobId, submitter)
        break
      }
      case 'signed':
        transactions.onSigned(event)
        break
      case 'sent':
        transactions.onSent(event)
        break
      case 'executed':
      case 'sealed':
        transactions.onOutcome(event)
        break
      case 'dead':
        transactions.onDead(event)
        break
      case 'copied':
        transactions.onCopied(event)
        break
      case 'done':
      case 'failed':
      case 'quarantined':
      case 'cancelled':
        submitters.take(event.jobId)
        break
      case 'paused':
        startHold('PAUSED')
        break
      case 'held':
        startHold(codeLabel(event.code))
        break
      case 'resumed':
        endHold()
        break
    }
  }

  return Object.freeze({
    onEvent: guarded('tracing.onEvent', onEvent),
    onSign: guarded('tracing.onSign', signatures.onSign),
    close: () => {
      signatures.close()
      transactions.close()
      endHold()
      submitters.drain()
    },
  })
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
