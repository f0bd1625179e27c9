/** Fields of values in JSON-Cadence. @module */

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

/** @returns What an object has under the name; `undefined` for anything that is no object. */
export function property(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const fields: Record<string, unknown> = { ...value }
  return fields[name]
}
