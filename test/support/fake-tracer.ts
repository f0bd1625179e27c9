/** A tracer that keeps its spans, so that tests need no SDK. @module */

import {
  type Attributes,
  type Context,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  trace,
} from '@opentelemetry/api'

/** What became of one span. Times are milliseconds since 1970. */
export type KeptSpan = {
  readonly name: string
  readonly id: string
  readonly parentId: string | undefined
  readonly kind: SpanKind | undefined
  readonly links: readonly Link[]
  readonly attributes: Attributes
  readonly events: string[]
  readonly from: number
  to: number | undefined
  status: SpanStatus | undefined
}

/** The tracer, and its spans in the order of their starts. */
export type FakeTracer = Tracer & { readonly spans: readonly KeptSpan[] }

export function createFakeTracer(): FakeTracer {
  const spans: KeptSpan[] = []
  const startSpan = (name: string, options: SpanOptions = {}, context?: Context): Span => {
    const parent = options.root === true || !context ? undefined : trace.getSpanContext(context)
    const spanId = (spans.length + 1).toString(16).padStart(16, '0')
    const traceId = parent?.traceId ?? spanId.padStart(32, '0')
    const kept: KeptSpan = {
      name,
      id: spanId,
      parentId: parent?.spanId,
      kind: options.kind,
      links: options.links ?? [],
      attributes: { ...options.attributes },
      events: [],
      from: millis(options.startTime),
      to: undefined,
      status: undefined,
    }
    spans.push(kept)
    return spanOf(kept, { traceId, spanId, traceFlags: 1 })
  }
  const startActiveSpan = () => {
    throw new Error('nothing here makes a span active')
  }
  return { spans, startSpan, startActiveSpan }
}

function spanOf(kept: KeptSpan, context: SpanContext): Span {
  const span: Span = {
    spanContext: () => context,
    setAttribute: (key, value) => span.setAttributes({ [key]: value }),
    setAttributes(attributes) {
      if (kept.to !== undefined) throw new Error(`${kept.name} was ended`)
      Object.assign(kept.attributes, attributes)
      return span
    },
    addEvent(name) {
      kept.events.push(name)
      return span
    },
    addLink: () => span,
    addLinks: () => span,
    setStatus(status) {
      kept.status = status
      return span
    },
    updateName: () => span,
    end(time) {
      if (kept.to !== undefined) throw new Error(`${kept.name} was ended twice`)
      kept.to = millis(time)
    },
    isRecording: () => kept.to === undefined,
    recordException: () => undefined,
  }
  return span
}

/** Only pairs of seconds and nanoseconds: an SDK may take a number for one of another clock. */
function millis(time: TimeInput | undefined): number {
  if (!isHrTime(time)) throw new Error('a time is no pair')
  const [seconds, nanoseconds] = time
  if (!Number.isInteger(seconds) || !(nanoseconds >= 0 && nanoseconds < 1e9))
    throw new Error(`no time: ${time}`)
  return seconds * 1_000 + nanoseconds / 1e6
}

const isHrTime = (time: TimeInput | undefined): time is HrTime => Array.isArray(time)
