/** Spans with a beginning and an end that lie in the past. @module */

import type * as OpenTelemetry from '@opentelemetry/api'

/** The module @opentelemetry/api, or these of it. */
export type OpenTelemetryApi = Pick<
  typeof OpenTelemetry,
  'trace' | 'context' | 'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode'
>

/** One span that is known whole. Times are milliseconds since 1970. */
export type WholeSpan = {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly attributes?: OpenTelemetry.Attributes
  /** Whether it is a request that leaves the process. */
  readonly client?: boolean
  /** What failed. */
  readonly failure?: string | undefined
}

/** Writes spans. */
export type SpanWriter = {
  /** @param from - Milliseconds since 1970. */
  readonly start: (
    name: string,
    from: number,
    options: Pick<OpenTelemetry.SpanOptions, 'attributes' | 'links'>,
  ) => OpenTelemetry.Span
  /** @returns The context for what lies within it. */
  readonly write: (span: WholeSpan, parent: OpenTelemetry.Context) => OpenTelemetry.Context
  readonly end: (span: OpenTelemetry.Span, to: number, failure?: string) => void
  /** The context for what lies within a span. */
  readonly within: (span: OpenTelemetry.Span) => OpenTelemetry.Context
}

/**
 * A pair of seconds and nanoseconds: a number that lies before the start of this process, as of a job
 * that waited in a store, would be taken for one of `performance.now()`.
 */
const timeOf = (ms: number): OpenTelemetry.HrTime => {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.floor((ms - seconds * 1_000) * 1e6)]
}

export function createSpanWriter(
  { trace, ROOT_CONTEXT, SpanKind, SpanStatusCode }: OpenTelemetryApi,
  tracer: OpenTelemetry.Tracer,
): SpanWriter {
  const within = (span: OpenTelemetry.Span) => trace.setSpan(ROOT_CONTEXT, span)
  const end = (span: OpenTelemetry.Span, to: number, failure?: string) => {
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
    span.end(timeOf(to))
  }
  return {
    within,
    end,
    start: (name, from, options) =>
      tracer.startSpan(name, { ...options, root: true, startTime: timeOf(from) }, ROOT_CONTEXT),
    write({ name, from, to, attributes = {}, client = false, failure }, parent) {
      const kind = client ? SpanKind.CLIENT : SpanKind.INTERNAL
      const startTime = timeOf(Math.min(from, to)) // the system's clock may have been set back
      const span = tracer.startSpan(name, { kind, attributes, startTime }, parent)
      end(span, to, failure)
      return within(span)
    },
  }
}
