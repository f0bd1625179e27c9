/** Schemas of routes, compiled: nothing is coerced, filled in or dropped, but numbers of a query. @module */

import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

const WHOLE = /^-?(?:0|[1-9]\d{0,14})$/

/**
 * For `setValidatorCompiler`. At most eight mistakes are reported, however many there are.
 * Values of a query, a path or a header are texts: one whose schema says `integer` or `boolean` is
 * read as that when it is written plainly, and is otherwise left to be refused.
 */
export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const types = httpPart === 'body' ? {} : typesOf(schema)
  return (input: unknown) => {
    const value = httpPart === 'body' ? input : readTexts(input, types)
    return validator.Check(value) ? { value } : { error: validator.Errors(value) as never }
  }
}

/** Name of a property → its `type`. */
function typesOf(schema: TSchema): Readonly<Record<string, unknown>> {
  if (!('properties' in schema) || typeof schema.properties !== 'object') return {}
  const properties = Object.entries(schema.properties ?? {})
  return Object.fromEntries(properties.map(([name, { type }]) => [name, type]))
}

function readTexts(input: unknown, types: Readonly<Record<string, unknown>>): unknown {
  if (typeof input !== 'object' || input === null) return input
  const read = (name: string, value: unknown): unknown => {
    if (typeof value !== 'string' || !Object.hasOwn(types, name)) return value
    if (types[name] === 'integer' && WHOLE.test(value)) return Number(value)
    if (types[name] === 'boolean' && /^(?:true|false)$/.test(value)) return value === 'true'
    return value
  }
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, read(name, value)]))
}
