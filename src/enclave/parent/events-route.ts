/** What the enclave has to say: requests that it answered, and why it ends. @module */

import { type JsonObject, type JsonRoute, malformed } from './json-door.ts'

/** One event of the enclave: plain data, texts of one line. Nothing in it is trusted for more. */
export type ToldEvent = Readonly<Record<string, ToldValue>>

/** A value of an event, or one level further down. */
export type ToldValue = ToldScalar | Readonly<Record<string, ToldScalar>>
type ToldScalar = string | number | boolean | null

const MAX_FIELDS = 32
const MAX_TEXT = 2_048

/** @param onEvent - Told of each event that has the form of one. */
export function createEventsRoute(onEvent: (event: ToldEvent) => void): JsonRoute {
  return async ({ event, ...others }) => {
    if (Object.keys(others).length > 0) throw malformed('it has fields other than event')
    onEvent(fieldsOf(event, readValue))
    return {}
  }
}

function readValue(value: unknown): ToldValue {
  return isScalar(value) ? scalarOf(value) : Object.freeze(fieldsOf(value, scalarOf))
}

function fieldsOf<T>(event: unknown, read: (value: unknown) => T): Readonly<Record<string, T>> {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw malformed('the event is no object of texts, numbers, booleans and one level of such')
  const fields = Object.entries(event as JsonObject)
  if (fields.length > MAX_FIELDS) throw malformed(`it has more than ${MAX_FIELDS} fields`)
  if (!fields.every(([name]) => /^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)))
    throw malformed('a field has a name that is none')
  return Object.fromEntries(fields.map(([name, value]) => [name, read(value)]))
}

const isScalar = (value: unknown) => typeof value !== 'object' || value === null

function scalarOf(value: unknown): ToldScalar {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value !== 'string') throw malformed('a value is no text, number or boolean')
  // A log of lines has one line for it, whatever the enclave has read before.
  return value.replace(/\p{C}+/gu, ' ').slice(0, MAX_TEXT)
}
