/** One text for one JSON value, and the hash that chains it. @module */

import { sha256Hex } from '../access/digest.ts'
import { AdminError } from '../errors.ts'

/** Nested arrays and objects; also what ends a value that contains itself. */
const MAX_DEPTH = 32

/** With the `u` flag a pair is one code point, so this matches halves only. */
const halfPair = /\p{Surrogate}/u

/**
 * The canonical text of a plain JSON value. Stricter than its source: integers only, since a fraction
 * has no place in a record; `undefined` is refused and not dropped, since it is a mistake.
 *
 * @param value - null, booleans, safe integers, well-formed strings, arrays, plain objects; 32 deep.
 * @throws {AdminError} `INTERNAL`; `facts.reason` and `facts.path` say what and where.
 * @see RFC 8785, of which this is a subset.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '', 0)
}

function write(value: unknown, path: string, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quote(value, path)
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? String(value) : refuse('not a safe integer', path)
  if (typeof value !== 'object') return refuse(`${typeof value} is not JSON`, path)
  if (depth >= MAX_DEPTH) return refuse('nested too deep', path)
  if (Array.isArray(value))
    // Array.from, since map skips the holes of a sparse array.
    return `[${Array.from(value, (one, i) => write(one, `${path}/${i}`, depth + 1)).join()}]`
  if (!isPlain(value)) return refuse('not a plain object', path)
  // Object.entries of an object of any kind has values that are unknown.
  const members: [string, unknown][] = Object.entries(value)
  members.sort(([one], [other]) => (one < other ? -1 : 1)) // UTF-16 code units, as RFC 8785 3.2.3
  const texts = members.map(([key, member]) => {
    const place = `${path}/${key}`
    return `${quote(key, place)}:${write(member, place, depth + 1)}`
  })
  return `{${texts.join()}}`
}

/** By shape, as objects of another realm are plain too. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** For well-formed text JSON.stringify is the serialisation that RFC 8785 3.2.2.2 prescribes. */
const quote = (text: string, path: string): string =>
  halfPair.test(text) ? refuse('not well-formed Unicode', path) : JSON.stringify(text)

function refuse(reason: string, path: string): never {
  // A key that is half a pair must not reach a log through its own refusal.
  const shown = path.slice(0, 100).replace(/\p{Surrogate}/gu, '?')
  throw new AdminError('INTERNAL', { part: 'audit', reason, path: shown })
}

/** @returns SHA-256 of `previousHash`, a line feed and `body` in UTF-8: 64 lower-case digits. */
export const chainHash = (previousHash: string, body: string): string =>
  sha256Hex(`${previousHash}\n${body}`)

/** 64 lower-case digits. */
export const isChainHash = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
