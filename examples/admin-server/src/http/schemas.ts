/** Shapes of the API: what is not in them is refused, or not sent. @module */

import { type TSchema, Type } from 'typebox'
import { principalPattern, roles } from '../access/principal.ts'
import { functionTemplates } from '../functions/index.ts'
import { requestStates } from '../requests/rows.ts'

const strict = { additionalProperties: false } as const
const oneOf = (values: readonly string[]) =>
  Type.Unsafe<string>({ type: 'string', enum: [...values] })
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()])
const time = Type.String({ format: 'date-time', description: 'ISO 8601, UTC.' })
const text = Type.String()
const count = Type.Integer({ minimum: 0 })
const hash = Type.String({ pattern: '^[0-9a-f]{64}$' })

export const requestId = Type.String({ pattern: '^rq_[0-9a-f]{32}$' })
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
const maxItems = 1_000

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
export const reasonBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500, pattern: '^[^\\u0000-\\u001f]*$' }) },
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
export const tokenBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 128 }) },
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
export const tokenParameters = Type.Object(
  { id: Type.String({ pattern: '^tk_[0-9a-f]{32}$' }) },
  strict,
)

export const listQuery = Type.Object(
  {
    state: Type.Optional(oneOf(requestStates)),
    function: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' })),
    requester: Type.Optional(Type.String({ pattern: principalPattern })),
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    waitsForMe: Type.Optional(Type.Boolean()),
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

const rule = Type.Union([
  Type.Literal('automatic'),
  Type.Object({ approvers: Type.Array(text) }, strict),
])
const reason = nullable(Type.Object({ code: text, detail: text }, strict))

const requestFields = {
  id: requestId,
  function: text,
  title: text,
  state: oneOf(requestStates),
  reason,
  requester: text,
  createdAt: time,
  expiresAt: time,
  finishedAt: nullable(time),
  digest: hash,
  amount: count,
  items: Type.Object({ count, done: count, failed: count }, strict),
  quorum: Type.Object(
    {
      weight: count,
      needed: count,
      met: Type.Boolean(),
      keys: Type.Array(
        Type.Object(
          { index: count, weight: count, revoked: Type.Boolean(), rule, met: Type.Boolean() },
          strict,
        ),
      ),
    },
    strict,
  ),
  approvals: Type.Array(
    Type.Object(
      {
        approver: text,
        at: time,
        expiresAt: time,
        withdrawnAt: nullable(time),
        counts: Type.Boolean(),
      },
      strict,
    ),
  ),
  mine: Type.Object(
    {
      canApprove: Type.Boolean(),
      hasApproved: Type.Boolean(),
      canWithdraw: Type.Boolean(),
      canCancel: Type.Boolean(),
    },
    strict,
  ),
}

/** A request as everybody sees it who may. */
export const requestSchema = Type.Object(requestFields, { ...strict, description: 'A request.' })
export const requestList = Type.Object(
  { requests: Type.Array(requestSchema), next: nullable(text) },
  { ...strict, description: 'Newest first.' },
)

const facts = Type.Record(Type.String(), Type.Unknown())
export const requestDetail = Type.Object(
  {
    ...requestFields,
    timeline: Type.Array(
      Type.Object({ sequence: count, at: time, kind: text, actor: text, facts }, strict),
    ),
    attempts: Type.Array(
      Type.Object(
        {
          transactionId: text,
          keyIndex: count,
          sequenceNumber: text,
          state: text,
          items: count,
          signatures: Type.Array(
            Type.Object(
              { keyIndex: count, key: text, kmsRequestId: nullable(text), at: time },
              strict,
            ),
          ),
        },
        strict,
      ),
    ),
  },
  { ...strict, description: 'A request with all that happened to it.' },
)

export const itemList = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          index: count,
          jobId: text,
          state: text,
          transactionId: nullable(text),
          blockHeight: nullable(count),
          nftId: nullable(text),
          error: reason,
        },
        strict,
      ),
    ),
    next: nullable(count),
  },
  { ...strict, description: 'Items in their order.' },
)

export const contentSchema = Type.Object(
  {
    digest: hash,
    chainId: text,
    account: text,
    function: text,
    title: text,
    cadence: text,
    cadenceHash: hash,
    computeLimit: nullable(count),
    items: Type.Array(
      Type.Object(
        {
          index: count,
          title: text,
          lines: Type.Array(Type.Object({ label: text, value: text }, strict)),
          arguments: Type.Array(Type.Unknown()),
        },
        strict,
      ),
    ),
    next: nullable(count),
  },
  { ...strict, description: 'What will be signed, in plain words and in full.' },
)

export const functionList = Type.Object(
  {
    functions: Type.Array(
      Type.Object(
        {
          name: text,
          title: text,
          inputSchema: facts,
          maxItems: count,
          roles: Type.Array(oneOf(roles)),
        },
        strict,
      ),
    ),
  },
  { ...strict, description: 'What may be asked for.' },
)

export const keyList = Type.Object(
  {
    account: text,
    chainId: text,
    keys: Type.Array(
      Type.Object(
        {
          index: count,
          weight: count,
          revoked: Type.Boolean(),
          publicKey: text,
          signatureAlgorithm: text,
          hashAlgorithm: text,
          key: nullable(text),
          keyId: nullable(text),
          keyState: nullable(text),
          createdAt: nullable(time),
          ageDays: nullable(count),
          rule: nullable(rule),
        },
        strict,
      ),
    ),
    totalWeight: count,
  },
  { ...strict, description: 'Keys of weight, and those that a rule names.' },
)

export const proposalKeyList = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        {
          index: count,
          state: text,
          sequenceNumber: text,
          transactionId: nullable(text),
          reason: nullable(text),
        },
        strict,
      ),
    ),
    counts: Type.Object(
      { free: count, leased: count, inFlight: count, quarantined: count },
      strict,
    ),
  },
  { ...strict, description: 'Proposal keys.' },
)

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
    broken: Type.Optional(Type.Object({ sequence: Type.Integer(), reason: text }, strict)),
  },
  { ...strict, description: 'Whether the trail is as it was written.' },
)

export const pauseState = Type.Object(
  { paused: Type.Boolean(), held: reason },
  { ...strict, description: 'Whether anything is signed.' },
)
export const meSchema = Type.Object(
  {
    name: text,
    roles: Type.Array(oneOf(roles)),
    via: oneOf(['token', 'session', 'oidc']),
    csrfToken: nullable(text),
    expiresAt: nullable(time),
  },
  { ...strict, description: 'Who is calling.' },
)

export const tokenList = Type.Object(
  {
    tokens: Type.Array(
      Type.Object(
        {
          id: text,
          principal: text,
          roles: Type.Array(oneOf(roles)),
          description: text,
          createdAt: time,
          createdBy: text,
          expiresAt: time,
          revokedAt: nullable(time),
          lastUsedOn: nullable(text),
        },
        strict,
      ),
    ),
  },
  { ...strict, description: 'Tokens, newest first.' },
)

const counts = Type.Record(Type.String(), count)
export const statsSchema = Type.Object(
  {
    at: time,
    paused: Type.Boolean(),
    held: reason,
    requests: counts,
    jobs: counts,
    sealedLastMinute: count,
    kmsCallsPerSecond: Type.Number(),
    kmsThrottledPerSecond: Type.Number(),
    proposalKeys: Type.Object({ free: count, busy: count, quarantined: count }, strict),
    requestToSealMs: nullable(Type.Object({ p50: Type.Number(), p99: Type.Number() }, strict)),
    version: text,
  },
  { ...strict, description: 'Figures of now.' },
)
export const readySchema = Type.Object(
  { status: oneOf(['ready', 'not-ready']), checks: Type.Record(Type.String(), text) },
  { ...strict, description: 'Whether it can do its work.' },
)

/** An answer that is no JSON. */
export const textAnswer = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: text } },
})
