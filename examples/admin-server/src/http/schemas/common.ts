/** What schemas of the API have in common. @module */

import { type TSchema, Type } from 'typebox'

export const strict = { additionalProperties: false } as const

export const oneOf = (values: readonly string[]) =>
  Type.Unsafe<string>({ type: 'string', enum: [...values] })

export const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()])

export const time = Type.String({ format: 'date-time', description: 'ISO 8601, UTC.' })

export const text = Type.String()

export const count = Type.Integer({ minimum: 0 })

export const hash = Type.String({ pattern: '^[0-9a-f]{64}$' })

export const requestId = Type.String({ pattern: '^rq_[0-9a-f]{32}$' })

export const maxItems = 1_000

export const rule = Type.Union([
  Type.Literal('automatic'),
  Type.Object({ approvers: Type.Array(text) }, strict),
])

export const reason = nullable(Type.Object({ code: text, detail: text }, strict))

export const facts = Type.Record(Type.String(), Type.Unknown())

/** An answer that is no JSON. */
export const textAnswer = (type: string, description: string) => ({
  description,
  content: { [type]: { schema: text } },
})
