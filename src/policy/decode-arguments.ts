/** The arguments of a transaction, from texts to checked values. @module */

import { SignerError } from '../errors.ts'
import { assertCadenceType, type CadenceType } from './cadence-type.ts'
import {
  type CadenceValue,
  type CadenceValueOptions,
  checkedValue,
  createCheck,
  MAX_ARGUMENT_BYTES,
  malformedValue,
} from './cadence-value.ts'
import { parseStrictJson } from './strict-json.ts'

/**
 * Reads what will be sent, not what somebody says it is. JSON with a key twice or more than 64
 * levels is refused as well as what `assertCadenceValue` refuses.
 *
 * @param texts - JSON-Cadence, at most 1,400,000 bytes in all.
 * @param types - As many.
 * @throws {SignerError} `MALFORMED_CADENCE_VALUE`, whose path starts with the index of the argument,
 * such as `[0].value`; `INVALID_OPTION` for an unknown chain.
 */
export function decodeArguments(
  texts: readonly string[],
  types: readonly CadenceType[],
  options: CadenceValueOptions,
): readonly CadenceValue[] {
  const check = createCheck(options, true)
  assertTypes(types)
  assertCount(texts, types.length)
  let bytes = 0
  return types.map((type, index) => {
    const text: unknown = texts[index]
    const place = { type, step: index }
    if (typeof text !== 'string') throw malformedValue(place, 'it is not a text')
    bytes += Buffer.byteLength(text)
    if (bytes > MAX_ARGUMENT_BYTES)
      throw malformedValue(place, `there are more than ${MAX_ARGUMENT_BYTES} bytes so far`)
    const parsed = parseStrictJson(text)
    if (parsed.reason !== undefined) throw malformedValue(place, parsed.reason)
    return checkedValue(check, parsed.value, place)
  })
}

function assertTypes(types: readonly CadenceType[]): void {
  if (!Array.isArray(types))
    throw new SignerError('INVALID_OPTION', { option: 'types', reason: 'it is not a list' })
  for (const type of types) assertCadenceType(type)
}

function assertCount(texts: readonly string[], count: number): void {
  if (Array.isArray(texts) && texts.length === count) return
  throw new SignerError('MALFORMED_CADENCE_VALUE', {
    path: '',
    expected: `${count} arguments`,
    reason: 'there are more, or fewer',
  })
}
