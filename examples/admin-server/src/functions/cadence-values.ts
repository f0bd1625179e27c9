/**
 * JSON-Cadence values of the types that our transactions take: written, and read back. Reading is
 * strict and total: another type, a further field or a value that Cadence would not write is refused.
 * @module
 */

import type { JsonCadence } from 'fcl-kms/relay'
import { AdminError } from '../errors.ts'

export const textValue = (value: string): JsonCadence => ({ type: 'String', value })
/** @param value - `0x` and 16 lower-case digits. */
export const addressValue = (value: string): JsonCadence => ({ type: 'Address', value })
/** @param value - A whole number, or its decimal digits where it may pass 2⁵³. */
export const numberValue = (
  type: 'Int' | 'UInt8' | 'UInt64',
  value: number | string,
): JsonCadence => ({ type, value: String(value) })
/** @param value - Digits with a point and eight decimals. */
export const fixedValue = (value: string): JsonCadence => ({ type: 'UFix64', value })
export const optionalValue = (value: JsonCadence | undefined): JsonCadence => ({
  type: 'Optional',
  value: value ?? null,
})
export const dictionaryValue = (
  entries: readonly (readonly [key: JsonCadence, value: JsonCadence])[],
): JsonCadence => ({ type: 'Dictionary', value: entries.map(([key, value]) => ({ key, value })) })

/** Reads one value. Throws `AdminError` `POLICY_REFUSED` for any other shape. */
export type Reader<T> = (value: unknown) => T

/** What is no argument of the transaction that it claims to be. The reason holds no value. */
export const unreadable = (reason: string): AdminError =>
  new AdminError('POLICY_REFUSED', { reason })

export const readText: Reader<string> = (value) => {
  const text = contentOf(value, 'String')
  if (typeof text !== 'string') throw unreadable('a String holds something else')
  return text
}

/** @returns `0x` and 16 lower-case digits. */
export const readAddress: Reader<string> = matching('Address', /^0x[0-9a-f]{16}$/)

/** @returns 128 lower-case digits. */
export const readPublicKey: Reader<string> = matching('String', /^[0-9a-f]{128}$/)

/** @returns Digits with a point and one to eight decimals, as they are. */
export const readFixed: Reader<string> = matching('UFix64', /^(0|[1-9]\d{0,11})\.\d{1,8}$/)

/** @returns Decimal digits, 0 to 2⁶⁴ - 1. */
export const readUInt64: Reader<string> = (value) => {
  const digits = readDigits64(value)
  if (BigInt(digits) > 0xffff_ffff_ffff_ffffn) throw unreadable('a UInt64 is too large')
  return digits
}
const readDigits64 = matching('UInt64', /^(0|[1-9]\d{0,19})$/)

export const readUInt8: Reader<number> = (value) => {
  const number = Number(readDigits8(value))
  if (number > 255) throw unreadable('a UInt8 is too large')
  return number
}
const readDigits8 = matching('UInt8', /^(0|[1-9]\d{0,2})$/)

/** Not negative, and at most 15 digits: an index or a count. */
export const readCount: Reader<number> = (value) => Number(readDigits(value))
const readDigits = matching('Int', /^(0|[1-9]\d{0,14})$/)

export const readOptional =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (value) => {
    const content = contentOf(value, 'Optional')
    return content === null ? undefined : read(content)
  }

/** In the order in which the transaction has them. Refuses a key that comes twice. */
export const readDictionary =
  <K, V>(readKey: Reader<K>, readValue: Reader<V>): Reader<readonly (readonly [K, V])[]> =>
  (value) => {
    const content = contentOf(value, 'Dictionary')
    if (!Array.isArray(content)) throw unreadable('a Dictionary holds something else')
    const entries = content.map((entry: unknown) => {
      const fields = fieldsOf(entry, ['key', 'value'])
      return [readKey(fields['key']), readValue(fields['value'])] as const
    })
    // Cadence compares strings by canonical equivalence, so that two of ours may be one there.
    const keys = new Set(entries.map(([key]) => String(key).normalize('NFC')))
    if (keys.size !== entries.length) throw unreadable('a Dictionary has a key twice')
    return entries
  }

/** @returns The elements, each an object with a type; what else they hold is not looked at. */
export const readArray: Reader<readonly JsonCadence[]> = (value) => {
  const content = contentOf(value, 'Array')
  if (!Array.isArray(content) || !content.every(isJsonCadence))
    throw unreadable('an Array holds something else')
  return content
}

const isJsonCadence = (value: unknown): value is JsonCadence =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

type Values<R extends readonly Reader<unknown>[]> = {
  readonly [I in keyof R]: R[I] extends Reader<infer T> ? T : never
}

/**
 * @param readers - One for each argument.
 * @throws {AdminError} `POLICY_REFUSED` for another number or shape of arguments.
 */
export function readArguments<const R extends readonly Reader<unknown>[]>(
  values: readonly JsonCadence[],
  readers: R,
): Values<R> {
  if (values.length !== readers.length)
    throw unreadable(`there are ${values.length} arguments, not ${readers.length}`)
  return readers.map((read, index) => read(values[index])) as Values<R> // each by the reader there
}

function matching(type: string, pattern: RegExp): Reader<string> {
  return (value) => {
    const content = contentOf(value, type)
    if (typeof content === 'string' && pattern.test(content)) return content
    throw unreadable(`a value of type ${type} is not written as it has to be`)
  }
}

function contentOf(value: unknown, type: string): unknown {
  const fields = fieldsOf(value, ['type', 'value'])
  if (fields['type'] !== type) throw unreadable(`an argument is not of type ${type}`)
  return fields['value']
}

/** The fields of an object that has these and no others. */
function fieldsOf(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unreadable('an argument is not JSON-Cadence')
  const own = Object.keys(value)
  if (own.length !== names.length || !names.every((name) => own.includes(name)))
    throw unreadable(`an argument has other fields than ${names.join(' and ')}`)
  return value as Readonly<Record<string, unknown>> // an object, with these fields of its own
}
