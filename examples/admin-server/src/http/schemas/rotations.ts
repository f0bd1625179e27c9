/** Rotations as they are answered. @module */

import { Type } from 'typebox'
import { count, nullable, oneOf, rule, strict, text, time } from './common.ts'

export const rotationParameters = Type.Object(
  { address: Type.String({ pattern: '^0x[0-9a-f]{16}$' }) },
  strict,
)

const holder = nullable(Type.Object({ key: text, successor: Type.Boolean(), rule }, strict))

const key = {
  publicKey: text,
  signatureAlgorithm: text,
  hashAlgorithm: text,
  weight: count,
  copies: count,
  holder,
}

const pending = Type.Object(
  {
    purpose: text,
    state: oneOf(['signing', 'signed', 'sent']),
    transactionId: text,
    missing: nullable(text),
    expiresAfterBlock: count,
    signatures: Type.Array(
      Type.Object(
        { index: count, weight: count, publicKey: text, signed: Type.Boolean(), holder },
        strict,
      ),
    ),
  },
  strict,
)

const summary = {
  id: text,
  account: text,
  chainId: text,
  state: oneOf(['open', 'done', 'aborted']),
  step: text,
  mode: oneOf(['swap', 'cut']),
  emergency: Type.Boolean(),
  held: Type.Boolean({ description: 'Proposal keys are held: what is to be signed waits.' }),
  old: Type.Object({ ...key, index: count }, strict),
  new: nullable(
    Type.Object({ ...key, index: nullable(count), kind: text, reference: text }, strict),
  ),
  pending: nullable(pending),
  startedAt: time,
  updatedAt: time,
  revokedAt: nullable(time),
  askAgainAt: nullable(time),
  aborting: Type.Boolean({ description: 'It goes back, and is not over yet.' }),
}

export const rotationList = Type.Object(
  { rotations: Type.Array(Type.Object(summary, strict)) },
  { ...strict, description: 'The newest of each account, and those under way.' },
)

export const rotation = Type.Object(
  {
    ...summary,
    steps: Type.Array(
      Type.Object(
        { name: text, state: oneOf(['done', 'current', 'to-do', 'left-out']), at: nullable(time) },
        strict,
      ),
    ),
    notes: Type.Array(text),
    history: Type.Array(
      Type.Object({ step: text, at: time, text, transactionId: nullable(text) }, strict),
    ),
  },
  { ...strict, description: 'The one under way, or the newest.' },
)
