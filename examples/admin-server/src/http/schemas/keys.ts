/** Keys as they are answered. @module */

import { Type } from 'typebox'
import { count, nullable, rule, strict, text, time } from './common.ts'

export const keyList = Type.Object(
  {
    account: text,
    chainId: text,
    readAt: nullable(time),
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
          successor: Type.Boolean({ description: 'Named to take the place of another.' }),
          replaced: Type.Boolean({ description: 'The other key of its holder counts.' }),
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
