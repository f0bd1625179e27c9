/** Who is calling, and tokens. @module */

import { Type } from 'typebox'
import { roles } from '../../access/principal.ts'
import { nullable, oneOf, strict, text, time } from './common.ts'

export const tokenBody = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 128 }) },
  strict,
)

export const tokenParameters = Type.Object(
  { id: Type.String({ pattern: '^tk_[0-9a-f]{32}$' }) },
  strict,
)

export const meSchema = Type.Object(
  {
    name: text,
    roles: Type.Array(oneOf(roles)),
    via: oneOf(['token', 'session', 'oidc']),
    csrfToken: nullable(text),
    expiresAt: nullable(time),
    requestSignatures: oneOf(['off', 'approvals', 'changes']),
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
