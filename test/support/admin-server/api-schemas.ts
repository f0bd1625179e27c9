/** Values that are right by a JSON Schema, as arbitraries. @module */

import {
  type Arbitrary,
  anything,
  array,
  boolean,
  constant,
  constantFrom,
  date,
  dictionary,
  double,
  integer,
  oneof,
  option,
  record,
  string,
  stringMatching,
} from 'fast-check'

/** What of JSON Schema the description of this API uses. */
export type JsonSchema = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly pattern?: string
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly propertyNames?: JsonSchema
  readonly maxProperties?: number
}

/** Longer ones are tried by hand: here they would only take time. */
const MAX_LENGTH = 40
const MAX_ITEMS = 4
/** Anything that JSON can say. */
export const json: Arbitrary<unknown> = anything({
  maxDepth: 2,
  values: [string(), integer(), boolean(), constant(null)],
})

/** Values of a pattern that mean something to the server, beside those that only look right. */
export type Hints = ReadonlyMap<string, readonly string[]>

/** A value that is right. */
export function validFor(schema: JsonSchema, hints: Hints = new Map()): Arbitrary<unknown> {
  if (schema.enum !== undefined) return constantFrom(...schema.enum)
  if ('const' in schema) return constant(schema.const)
  if (schema.anyOf !== undefined) return oneof(...schema.anyOf.map((one) => validFor(one, hints)))
  switch (schema.type) {
    case 'string':
      return withHints(schema, hints)
    case 'integer':
      return integer({
        min: schema.minimum ?? -1_000,
        max: Math.min(schema.maximum ?? 1_000, 2 ** 31 - 1),
      })
    case 'number':
      return double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000, noNaN: true })
    case 'boolean':
      return boolean()
    case 'null':
      return constant(null)
    case 'array':
      return array(validFor(schema.items ?? {}, hints), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MAX_ITEMS, MAX_ITEMS),
      })
    case 'object':
      return validObject(schema, hints)
    default:
      return json
  }
}

function withHints(schema: JsonSchema, hints: Hints): Arbitrary<string> {
  const known = hints.get(schema.pattern ?? '') ?? []
  const text = validText(schema)
  return known.length === 0
    ? text
    : oneof({ weight: 4, arbitrary: constantFrom(...known) }, { weight: 1, arbitrary: text })
}

function validText({
  pattern,
  format,
  minLength = 0,
  maxLength: longest = Number.POSITIVE_INFINITY,
}: JsonSchema): Arbitrary<string> {
  const maxLength = Math.min(longest, MAX_LENGTH)
  if (format === 'date-time') return date({ noInvalidDate: true }).map((at) => at.toISOString())
  if (pattern !== undefined)
    return matching(pattern).filter(({ length }) => length >= minLength && length <= longest)
  return string({ minLength, maxLength, unit: 'grapheme' }).filter(
    ({ length }) => length >= minLength && length <= maxLength,
  )
}

const made = new Map<string, Arbitrary<string>>()

/** Made once for each pattern: it takes long. Most are of hexadecimal digits. */
function matching(pattern: string): Arbitrary<string> {
  const known = made.get(pattern)
  if (known !== undefined) return known
  const [, prefix = '', digits] = /^\^(\w*)\[0-9a-f\]\{(\d+)\}\$$/.exec(pattern) ?? []
  const length = Number(digits)
  const unit = constantFrom(...'0123456789abcdef')
  const texts =
    digits === undefined
      ? stringMatching(new RegExp(pattern), { size: 'small' })
      : string({ unit, minLength: length, maxLength: length }).map((text) => `${prefix}${text}`)
  made.set(pattern, texts)
  return texts
}

/** An object. */
export function validObject(schema: JsonSchema, hints: Hints = new Map()): Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    additionalProperties,
    propertyNames,
    patternProperties,
  } = schema
  const [others] = Object.values(patternProperties ?? {})
  const values = typeof additionalProperties === 'object' ? additionalProperties : others
  if (Object.keys(properties).length === 0 && values !== undefined)
    return dictionary(
      validText(propertyNames ?? { minLength: 1 }).filter(isPlainKey),
      validFor(values),
      { maxKeys: 3 },
    )
  return record(
    Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, validFor(one, hints)]),
    ),
    { requiredKeys: [...required] },
  )
}

/** The server refuses these as attempts on the prototype, in any object. */
const isPlainKey = (name: string) => !['__proto__', 'constructor', 'prototype'].includes(name)

/** Now and then none, for what may be left out. */
export const optionally = <T>(one: Arbitrary<T>, required: boolean): Arbitrary<T | undefined> =>
  required ? one : option(one, { nil: undefined, freq: 2 })
