/** The audit trail as it is asked for and answered. @module */

import { Type } from 'typebox'
import { principalPattern } from '../../access/principal.ts'
import { count, facts, hash, nullable, oneOf, requestId, strict, text, time } from './common.ts'

export const auditQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    requestId: Type.Optional(requestId),
    kind: Type.Optional(Type.String({ pattern: '^[a-z-]{1,32}$' })),
    actor: Type.Optional(Type.String({ pattern: principalPattern })),
    order: Type.Optional(oneOf(['asc', 'desc'])),
  },
  strict,
)

export const auditList = Type.Object(
  {
    records: Type.Array(
      Type.Object(
        {
          sequence: count,
          at: time,
          kind: text,
          actor: text,
          requestIds: Type.Array(text),
          facts,
          previousHash: hash,
          hash,
        },
        strict,
      ),
    ),
    next: nullable(count),
  },
  { ...strict, description: 'Records of the audit trail.' },
)

export const verificationSchema = Type.Object(
  {
    intact: Type.Boolean(),
    verified: count,
    head: Type.Object({ sequence: count, hash }, strict),
    anchors: nullable(
      Type.Object(
        { count, newest: Type.Integer({ minimum: 0, description: 'The last record of one.' }) },
        { ...strict, description: 'What it was compared with; null without a place for anchors.' },
      ),
    ),
    broken: Type.Optional(Type.Object({ sequence: Type.Integer(), reason: text }, strict)),
  },
  { ...strict, description: 'Whether the trail is as it was written.' },
)
