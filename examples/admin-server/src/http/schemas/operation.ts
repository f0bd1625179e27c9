/** Pausing, deciding, figures and health. @module */

import { Type } from 'typebox'
import {
  count,
  maxItems,
  nullable,
  oneOf,
  reason,
  requestId,
  strict,
  text,
  time,
} from './common.ts'

export const reasonBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f]*$' }) },
  strict,
)

export const itemParameters = Type.Object(
  { id: requestId, index: Type.Integer({ minimum: 0, maximum: maxItems - 1 }) },
  strict,
)

export const resolutionBody = Type.Object(
  {
    as: Type.Union([Type.Literal('done'), Type.Literal('failed'), Type.Literal('queued')]),
    reason: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f]*$' }),
    transactionId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  strict,
)

export const pauseState = Type.Object(
  { paused: Type.Boolean(), held: reason },
  { ...strict, description: 'Whether anything is signed.' },
)

const counts = Type.Record(Type.String(), count)

export const statsSchema = Type.Object(
  {
    at: time,
    rotating: Type.Boolean({ description: 'A rotation holds the proposal keys.' }),
    rotation: nullable(Type.Object({ id: text, step: text, startedAt: time }, strict)),
    paused: Type.Boolean(),
    held: reason,
    requests: counts,
    jobs: counts,
    sealedLastMinute: count,
    kmsCallsPerSecond: Type.Number(),
    kmsThrottledPerSecond: Type.Number(),
    proposalKeys: Type.Object({ free: count, busy: count, quarantined: count }, strict),
    requestToSealMs: nullable(Type.Object({ p50: Type.Number(), p99: Type.Number() }, strict)),
    reconciliation: nullable(
      Type.Object(
        { until: time, verdict: text, foreign: count, missing: count, unreadable: count },
        strict,
      ),
    ),
    version: text,
  },
  { ...strict, description: 'Figures of now.' },
)

export const readySchema = Type.Object(
  { status: oneOf(['ready', 'not-ready']), checks: Type.Record(Type.String(), text) },
  { ...strict, description: 'Whether it can do its work.' },
)
