/** The types that an argument of a transaction can have, read from Cadence's notation. @module */

import { SignerError } from '../errors.ts'
import { fixedPointTypes, integerTypes } from './numbers.ts'

/** A type as data; `parseCadenceType` makes one. */
export type CadenceType =
  | { readonly kind: 'simple'; readonly name: string }
  | { readonly kind: 'optional'; readonly inner: CadenceType }
  | { readonly kind: 'array'; readonly item: CadenceType; readonly size: number | undefined }
  | { readonly kind: 'dictionary'; readonly key: CadenceType; readonly value: CadenceType }

/** The domains that a path of each type may have. */
export const pathTypes: ReadonlyMap<string, readonly string[]> = new Map([
  ['Path', ['storage', 'public', 'private']],
  ['StoragePath', ['storage']],
  ['CapabilityPath', ['public', 'private']],
  ['PublicPath', ['public']],
  ['PrivatePath', ['private']],
])

const simpleNames: ReadonlySet<string> = new Set([
  ...['String', 'Character', 'Bool', 'Address'],
  ...integerTypes.keys(),
  ...fixedPointTypes.keys(),
  ...pathTypes.keys(),
])

const MAX_TEXT = 500
const MAX_LEVELS = 16

/**
 * Reads `UInt64`, `String?`, `[Address]`, `[UFix64; 3]`, `{String: [UInt8]}` and what they nest to.
 * Structs, enums, capabilities, references, functions and ranges are not supported: their rules are
 * those of a contract, not of a value.
 *
 * @param text - At most 500 characters, at most 16 levels. Spaces between the parts are allowed.
 * @throws {SignerError} `INVALID_OPTION`.
 */
export function parseCadenceType(text: string): CadenceType {
  if (typeof text !== 'string' || text.length > MAX_TEXT)
    throw invalidType(`it is not a text of at most ${MAX_TEXT} characters`)
  const tokens = text.match(/\w+|[^\w\s]|\s+/g)?.filter((token) => !/^\s/.test(token)) ?? []
  const read = reader(tokens)
  const type = readType(read)
  if (read.next() !== undefined) throw invalidType('something follows the type')
  if (levelsOf(type) > MAX_LEVELS) throw invalidType(`it has more than ${MAX_LEVELS} levels`)
  return type
}

/**
 * @returns The type as Cadence writes it.
 * @throws {SignerError} `INVALID_OPTION` for what `parseCadenceType` never makes.
 */
export function cadenceTypeText(type: CadenceType): string {
  assertCadenceType(type)
  return textOf(type)
}

/** @throws {SignerError} `INVALID_OPTION` for what `parseCadenceType` never makes. */
export function assertCadenceType(type: unknown, levelsLeft: number = MAX_LEVELS): void {
  const fields: Readonly<Record<string, unknown>> = isObject(type) ? { ...type } : {}
  const { kind, name, size } = fields
  const inner = {
    simple: [],
    optional: ['inner'],
    array: ['item'],
    dictionary: ['key', 'value'],
  }[typeof kind === 'string' ? kind : '']
  const isOne = kind !== 'simple' || (typeof name === 'string' && simpleNames.has(name))
  const isSized = size === undefined || Number.isSafeInteger(size)
  if (inner === undefined || !isOne || !isSized || levelsLeft === 0)
    throw invalidType('it is not one that parseCadenceType makes')
  for (const field of inner) assertCadenceType(fields[field], levelsLeft - 1)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

function textOf(type: CadenceType): string {
  if (type.kind === 'simple') return type.name
  if (type.kind === 'optional') return `${textOf(type.inner)}?`
  if (type.kind === 'dictionary') return `{${textOf(type.key)}: ${textOf(type.value)}}`
  return `[${textOf(type.item)}${type.size === undefined ? '' : `; ${type.size}`}]`
}

type Reader = ReturnType<typeof reader>

function reader(tokens: readonly string[]) {
  let place = 0
  return {
    next: () => tokens[place++],
    /** Goes on when the next token is this one. */
    take: (token: string) => {
      if (tokens[place] !== token) return false
      place += 1
      return true
    },
  }
}

function readType(read: Reader): CadenceType {
  let type = readPlain(read)
  while (read.take('?')) type = { kind: 'optional', inner: type }
  return type
}

function readPlain(read: Reader): CadenceType {
  const token = read.next()
  if (token === '[') return readArray(read)
  if (token === '{') return readDictionary(read)
  if (token === undefined || !simpleNames.has(token))
    throw invalidType(`not supported; types are ${[...simpleNames].join(', ')}, T?, [T] and {K: V}`)
  return { kind: 'simple', name: token }
}

function readArray(read: Reader): CadenceType {
  const item = readType(read)
  const size = read.take(';') ? readSize(read) : undefined
  expectToken(read, ']')
  return { kind: 'array', item, size }
}

function readSize(read: Reader): number {
  const digits = read.next() ?? ''
  if (!/^(0|[1-9]\d{0,5})$/.test(digits)) throw invalidType('a size is a number from 0 to 999999')
  return Number(digits)
}

function readDictionary(read: Reader): CadenceType {
  const key = readType(read)
  if (key.kind !== 'simple') throw invalidType('a key of a dictionary has a simple type')
  expectToken(read, ':')
  const value = readType(read)
  expectToken(read, '}')
  return { kind: 'dictionary', key, value }
}

function expectToken(read: Reader, token: string): void {
  if (!read.take(token)) throw invalidType(`a ${token} is missing`)
}

function levelsOf(type: CadenceType): number {
  if (type.kind === 'simple') return 1
  if (type.kind === 'optional') return 1 + levelsOf(type.inner)
  return 1 + levelsOf(type.kind === 'array' ? type.item : type.value)
}

const invalidType = (reason: string) =>
  new SignerError('INVALID_OPTION', { option: 'type', reason })
