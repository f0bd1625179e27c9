/** One field of an event, as JSON-Cadence writes it. @module */

/**
 * @param payload - Of a `TransactionEvent`.
 * @returns The value of the field without its type; `undefined` when there is none.
 */
export function eventField(payload: unknown, name: string): unknown {
  const fields = property(property(payload, 'value'), 'fields')
  if (!Array.isArray(fields)) return undefined
  const field: unknown = fields.find((one: unknown) => property(one, 'name') === name)
  return property(property(field, 'value'), 'value')
}

function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const fields: Record<string, unknown> = { ...value }
  return fields[name]
}
