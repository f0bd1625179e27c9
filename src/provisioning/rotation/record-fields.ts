/** Fields of a stored rotation, read strictly: what is not as it was written is refused. @module */

import { SignerError } from '../../errors.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads one value at one place. Throws `ROTATION_RECORD_INVALID`. */
export type Read<T> = (value: unknown, place: string) => T

/** Thrown by the readers; `parseRecord` knows the address and makes the error of it. */
export class RecordFault extends Error {}

const fault = (place: string, reason: string) => new RecordFault(`${place}: ${reason}`)

/** @param pattern - Of the whole text. */
export const text =
  (pattern: RegExp): Read<string> =>
  (value, place) => {
    if (typeof value === 'string' && pattern.test(value)) return value
    throw fault(place, 'it is not a text as it is written there')
  }

/** A whole number. */
export const number =
  (least: number, most: number): Read<number> =>
  (value, place) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
      return value
    throw fault(place, `it is not a whole number from ${least} to ${most}`)
  }

export const yesOrNo: Read<boolean> = (value, place) => {
  if (typeof value === 'boolean') return value
  throw fault(place, 'it is neither true nor false')
}

/** One of these texts or numbers. */
export const oneOf =
  <T extends string | number | boolean>(...allowed: readonly T[]): Read<T> =>
  (value, place) => {
    const found = allowed.find((one) => one === value)
    if (found === undefined) throw fault(place, 'it is none of what may stand there')
    return found
  }

export const list =
  <T>(item: Read<T>, most: number): Read<readonly T[]> =>
  (value, place) => {
    if (!Array.isArray(value) || value.length > most)
      throw fault(place, `it is not a list of at most ${most}`)
    return value.map((one: unknown, index) => item(one, `${place}[${index}]`))
  }

type Readers<T> = { readonly [K in keyof T]-?: Read<Exclude<T[K], undefined>> }

/**
 * An object with these fields and no others.
 *
 * @param optional - Those that may be absent.
 */
export const object =
  <T extends object>(readers: Readers<T>, ...optional: readonly (keyof T & string)[]): Read<T> =>
  (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw fault(place, 'it is not an object')
    const given: Fields = { ...value }
    const known: Readonly<Record<string, Read<unknown>>> = readers
    const isOptional = (name: string) => optional.some((one) => one === name)
    if (Object.keys(given).some((name) => !Object.hasOwn(known, name)))
      throw fault(place, 'it has a field that is unknown')
    const entries = Object.entries(known).flatMap(([name, read]) => {
      if (given[name] !== undefined) return [[name, read(given[name], `${place}.${name}`)]]
      if (isOptional(name)) return []
      throw fault(place, `it has no field ${name}`)
    })
    return Object.fromEntries(entries) as T // each field of T was read by the reader of that field
  }

/** @throws {SignerError} `ROTATION_RECORD_INVALID` in place of what a reader says. */
export function telling<T>(address: string, run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    if (!(thrown instanceof RecordFault)) throw thrown
    throw new SignerError('ROTATION_RECORD_INVALID', { address, reason: thrown.message })
  }
}
