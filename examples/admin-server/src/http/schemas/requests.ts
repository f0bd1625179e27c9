/** Requests as they are answered: what is not in a schema is not sent. @module */

import { Type } from 'typebox'
import { roles } from '../../access/principal.ts'
import { requestStates } from '../../requests/rows.ts'
import {
  count,
  facts,
  hash,
  nullable,
  oneOf,
  reason,
  requestId,
  rule,
  strict,
  text,
  time,
} from './common.ts'

const requestFields = {
  id: requestId,
  function: text,
  title: text,
  about: Type.Optional(text),
  state: oneOf(requestStates),
  reason,
  requester: text,
  idempotencyKey: text,
  createdAt: time,
  expiresAt: time,
  decidedAt: nullable(time),
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
  { ...strict, description: 'In the order that was asked for.' },
)

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
          recipients: Type.Array(text),
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
