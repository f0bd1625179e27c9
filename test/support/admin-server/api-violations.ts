/** Values with a single violation of a JSON Schema, as arbitraries. @module */

import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  integer,
  oneof,
  string,
  tuple,
} from 'fast-check'
import { type JsonSchema, json, validFor, validObject } from './api-schemas.ts'

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
