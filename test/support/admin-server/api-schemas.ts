/** Values for JSON Schemas, right ones and ones with a single violation, as arbitraries. @module */

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
  tuple,
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
const json: Arbitrary<unknown> = anything({
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

function validObject(schema: JsonSchema, hints: Hints = new Map()): Arbitrary<unknown> {
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

/**
 * A value with one violation, somewhere in it; undefined where the schema takes everything.
 *
 * @param isText - Of a query or a path: whatever is sent is a string there.
 */
export function invalidFor(schema: JsonSchema, isText = false): Arbitrary<unknown> | undefined {
  if (schema.enum !== undefined || 'const' in schema)
    return constantFrom('no such', 'NONE', '', ...(isText ? [] : [0, null, true, [], {}]))
  if (schema.anyOf !== undefined) {
    // One that has the wrong type for all of them, or is wrong within the object among them.
    const inner = schema.anyOf.find(({ type }) => type === 'object')
    const wrong = inner && invalidFor(inner)
    return wrong?.filter(
      (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
    )
  }
  switch (schema.type) {
    case 'string':
      return invalidText(schema, isText)
    case 'integer':
      return invalidNumber(schema, isText)
    case 'boolean':
      return constantFrom('yes', 'TRUE', '1', '', ...(isText ? [] : [0, 1, null]))
    case 'array':
      return invalidArray(schema)
    case 'object':
      return invalidObject(schema)
    default:
      return undefined
  }
}

/** Texts that are wrong for one pattern or another. */
const oddTexts = [
  '',
  'x',
  'X !',
  ' ',
  'a\nb',
  '\u0000',
  'é',
  '../x',
  "' OR 1=1 --",
  '<b>',
  '0x',
  '%',
]

function invalidText(
  { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonSchema,
  isText: boolean,
): Arbitrary<unknown> | undefined {
  const expression = new RegExp(pattern ?? '')
  const isWrong = (text: string) =>
    !expression.test(text) || text.length < minLength || text.length > maxLength
  const texts = [...oddTexts, 'x'.repeat(300), 'x'.repeat(Math.min(maxLength, 5_000) + 1)].filter(
    isWrong,
  )
  const [other] = texts
  const wrong: Arbitrary<unknown>[] = isText ? [] : [constantFrom(0, true, null, [], {}, 1.5)]
  if (other !== undefined)
    wrong.push(
      constantFrom(...texts),
      string({ maxLength: 20, unit: 'grapheme-ascii' }).map((text) =>
        isWrong(text) ? text : other,
      ),
    )
  return wrong.length > 0 ? oneof(...wrong) : undefined
}

function invalidNumber({ minimum, maximum }: JsonSchema, isText: boolean): Arbitrary<unknown> {
  const wrong: Arbitrary<unknown>[] = [constantFrom('abc', '1e2', '0x1', '1.5', ' 1')]
  if (!isText) wrong.push(constantFrom('1', null, true, [], {}, 1.5))
  if (minimum !== undefined) wrong.push(integer({ min: minimum - 1_000, max: minimum - 1 }))
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER)
    wrong.push(integer({ min: 1, max: 1_000 }).map((by) => maximum + by))
  return oneof(...wrong)
}

function invalidArray({ items, minItems = 0 }: JsonSchema): Arbitrary<unknown> {
  const wrong: Arbitrary<unknown>[] = [constantFrom(null, {}, 'items', 7, true)]
  if (minItems > 0) wrong.push(constant([]))
  const inner = items && invalidFor(items)
  if (items !== undefined && inner !== undefined)
    wrong.push(
      tuple(array(validFor(items), { maxLength: 1 }), inner).map(([good, bad]) => [...good, bad]),
    )
  return oneof(...wrong)
}

function invalidObject(schema: JsonSchema): Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const wrong: Arbitrary<unknown>[] = [constantFrom([], 'object', 7, true)]
  const valid = validObject(schema).map((value) => value as Readonly<Record<string, unknown>>) // an object
  if (required.length > 0)
    wrong.push(
      tuple(valid, constantFrom(...required)).map(([value, name]) =>
        Object.fromEntries(Object.entries(value).filter(([key]) => key !== name)),
      ),
    )
  if (additionalProperties === false)
    wrong.push(
      tuple(valid, constantFrom('admin', 'toString', '', 'Items'), json).map(
        ([value, name, other]) => ({
          ...value,
          [name]: other ?? null,
        }),
      ),
    )
  for (const [name, one] of Object.entries(properties)) {
    const inner = invalidFor(one)
    if (inner !== undefined)
      wrong.push(tuple(valid, inner).map(([value, bad]) => ({ ...value, [name]: bad })))
  }
  return oneof(...wrong)
}

/** Now and then none, for what may be left out. */
export const optionally = <T>(one: Arbitrary<T>, required: boolean): Arbitrary<T | undefined> =>
  required ? one : option(one, { nil: undefined, freq: 2 })
