/** What may be asked for, and how lists are narrowed: what is not in a schema is refused. @module */

import { Type } from 'typebox'
import { principalPattern } from '../../access/principal.ts'
import { functionTemplates } from '../../functions/index.ts'
import { requestStates } from '../../requests/rows.ts'
import { maxItems, oneOf, requestId, strict } from './common.ts'

export const idParameters = Type.Object({ id: requestId }, strict)

export const idempotencyHeader = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        '1 to 255 printable ASCII characters, required. The same key with the same body is the same request, for good.',
    }),
  ),
})

const webhookUrl = Type.Optional(Type.String({ minLength: 1, maxLength: 2_048 }))

/** The body of `POST /v1/mints`. */
export const mintBody = Type.Object(
  {
    items: Type.Array(
      functionTemplates.find(({ name }) => name === 'mint')?.input ?? Type.Never(),
      { minItems: 1, maxItems },
    ),
    webhookUrl,
  },
  strict,
)

/** The body of `POST /v1/requests`: items are checked by the schema of their function. */
export const requestBody = Type.Object(
  {
    function: Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' }),
    items: Type.Array(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown()), {
      minItems: 1,
      maxItems,
    }),
    webhookUrl,
  },
  strict,
)

export const approvalBody = Type.Object(
  { digest: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of what was read.' }) },
  strict,
)

export const cancelBody = Type.Union([
  Type.Object(
    {
      reason: Type.Optional(Type.String({ maxLength: 500, pattern: '^[^\\u0000-\\u001f]*$' })),
    },
    strict,
  ),
  Type.Null(),
])

export const listQuery = Type.Object(
  {
    state: Type.Optional(oneOf(requestStates)),
    function: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' })),
    requester: Type.Optional(Type.String({ pattern: principalPattern })),
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    waitsForMe: Type.Optional(Type.Boolean()),
    order: Type.Optional(oneOf(['newest', 'expiring'])),
    before: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  strict,
)

export const pageQuery = Type.Object(
  {
    after: Type.Optional(Type.Integer({ minimum: -1, maximum: maxItems })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  },
  strict,
)
