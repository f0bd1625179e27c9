/** JSON-Cadence values, checked against a type: what passes has one reading only. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { assertCadenceType, type CadenceType, cadenceTypeText, pathTypes } from './cadence-type.ts'
import { assertChainId, isAddressOfChain } from './chain-address.ts'
import { isOneGrapheme } from './character.ts'
import { fixedPointTypes, integerTypes, readNumber } from './numbers.ts'

/** A value as JSON-Cadence writes it. It has the shape of its type once it was checked. */
export type CadenceValue = { readonly type: string; readonly value: unknown }

/** What a check needs to know beside the type. */
export type CadenceValueOptions = {
  /** Every address must be one of this chain: `flow-mainnet`, `flow-testnet` or `flow-emulator`. */
  readonly chainId: string
}

/** Bytes of arguments, of 1,500,000 that a transaction may have. */
export const MAX_ARGUMENT_BYTES = 1_400_000

/** No value is written in fewer bytes: `{"type":"","value":""}`. */
const MIN_VALUE_BYTES = 22
/** A grapheme cluster has no greatest length; no language needs more. */
const MAX_CHARACTER_LENGTH = 100
const MAX_PATH_LENGTH = 255

/** What one check of one or more values has left to spend. */
export type CadenceCheck = {
  readonly chainId: string
  /** Made by `JSON.parse`, so no key is hidden, and the quick way to ask for keys finds all. */
  readonly isParsed: boolean
  bytesLeft: number
}

/** Where a value stands, and the type that it must have. */
export type Place = {
  readonly type: CadenceType
  /** The value around it; the path is put together only for an error. */
  readonly around?: Place
  /** From there: a text, or the index in a list. */
  readonly step: string | number
}

function pathOf({ around, step }: Place): string {
  const last = typeof step === 'number' ? `[${step}]` : step
  return around === undefined ? last : pathOf(around) + last
}

/**
 * Stricter than a node, which also takes other texts for the same number or address, replaces lone
 * surrogates, and lets the last of two equal keys of a dictionary win.
 *
 * @param value - As `JSON.parse` gives it. Neither modified nor retained.
 * @param type - Made by `parseCadenceType`.
 * @throws {SignerError} `MALFORMED_CADENCE_VALUE`; `context.path` tells where, such as
 * `.value[3].key.value`. Nothing of the value is shown. `INVALID_OPTION` for an unknown
 * chain or a type that `parseCadenceType` did not make.
 * @see Cadence `encoding/json/decode.go`
 */
export function assertCadenceValue(
  value: unknown,
  type: CadenceType,
  options: CadenceValueOptions,
): asserts value is CadenceValue {
  const check = createCheck(options)
  assertCadenceType(type)
  checkedValue(check, value, { type, step: '' })
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function createCheck(options: CadenceValueOptions, isParsed = false): CadenceCheck {
  assertKnownKeys(options, ['chainId'])
  assertChainId('chainId', options.chainId)
  return { chainId: options.chainId, isParsed, bytesLeft: MAX_ARGUMENT_BYTES }
}

/** @returns The value itself. @throws {SignerError} `MALFORMED_CADENCE_VALUE`. */
export function checkedValue(check: CadenceCheck, value: unknown, place: Place): CadenceValue {
  checkValue(check, value, place)
  return value as CadenceValue // its two keys are what was checked first
}

/** @param type - As it was expected there. */
export const malformedValue = (place: Place, reason: string): SignerError =>
  new SignerError('MALFORMED_CADENCE_VALUE', {
    path: pathOf(place),
    expected: cadenceTypeText(place.type),
    reason,
  })

/** @returns What makes two keys of a dictionary equal. */
function checkValue(check: CadenceCheck, value: unknown, place: Place): string {
  const { type } = place
  const content = contentOf(check, value, tagOf(type), place)
  const inside = { type, around: place, step: '.value' }
  spend(check, MIN_VALUE_BYTES, inside)
  if (type.kind === 'array') checkItems(check, content, type, inside)
  else if (type.kind === 'dictionary') checkEntries(check, content, type, inside)
  else if (type.kind === 'simple') return checkSimple(check, content, type.name, inside)
  else if (content !== null) checkValue(check, content, { ...inside, type: type.inner })
  return ''
}

function tagOf(type: CadenceType): string {
  if (type.kind === 'simple') return pathTypes.has(type.name) ? 'Path' : type.name
  return compositeTags[type.kind]
}

const compositeTags = { optional: 'Optional', array: 'Array', dictionary: 'Dictionary' } as const

const VALUE_KEYS = ['type', 'value'] as const

function contentOf(check: CadenceCheck, value: unknown, tag: string, place: Place): unknown {
  const { type, value: content } = fieldsOf(check, value, VALUE_KEYS, place)
  if (type !== tag) throw malformedValue(place, `its type is not ${tag}`)
  return content
}

/** An object with these keys and no others, not even some that are inherited or hidden. */
function fieldsOf<K extends string>(
  { isParsed }: CadenceCheck,
  value: unknown,
  keys: readonly K[],
  place: Place,
): Readonly<Record<K, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformedValue(place, 'it is not an object')
  const own = isParsed ? Object.keys(value) : Reflect.ownKeys(value)
  let isExact = own.length === keys.length
  for (const key of keys) isExact &&= Object.hasOwn(value, key)
  if (!isExact) throw malformedValue(place, `its keys are not ${keys.join(' and ')}`)
  return value as Readonly<Record<K, unknown>> // it has the keys, as was just checked
}

function listOf(value: unknown, place: Place): readonly unknown[] {
  if (!Array.isArray(value)) throw malformedValue(place, 'it is not an array')
  return value
}

type Composite<K> = Extract<CadenceType, { readonly kind: K }>

function checkItems(
  check: CadenceCheck,
  value: unknown,
  type: Composite<'array'>,
  place: Place,
): void {
  const items = listOf(value, place)
  if (type.size !== undefined && items.length !== type.size)
    throw malformedValue(place, `it has not ${type.size} elements`)
  for (const [index, item] of items.entries())
    checkValue(check, item, { type: type.item, around: place, step: index })
}

function checkEntries(
  check: CadenceCheck,
  value: unknown,
  type: Composite<'dictionary'>,
  place: Place,
): void {
  const known = new Set<string>()
  for (const [index, entry] of listOf(value, place).entries()) {
    const at = { type, around: place, step: index }
    const { key, value: content } = fieldsOf(check, entry, ['key', 'value'], at)
    const said = checkValue(check, key, { type: type.key, around: at, step: '.key' })
    const identity = said.normalize('NFC') // Cadence compares texts so
    if (known.has(identity)) throw malformedValue(at, 'the key is there twice')
    known.add(identity)
    checkValue(check, content, { type: type.value, around: at, step: '.value' })
  }
}

function checkSimple(check: CadenceCheck, content: unknown, name: string, place: Place): string {
  if (pathTypes.has(name)) return checkPath(check, content, name, place)
  if (name === 'Bool') {
    if (typeof content !== 'boolean') throw malformedValue(place, 'it is not true or false')
    return String(content)
  }
  if (typeof content !== 'string') throw malformedValue(place, 'it is not a text')
  spend(check, content.length, place)
  if (name === 'String' || name === 'Character') return checkText(content, name, place)
  if (name === 'Address') {
    if (isAddressOfChain(content, check.chainId)) return content
    throw malformedValue(place, `it is not 0x and 16 lower-case digits valid on ${check.chainId}`)
  }
  if (!integerTypes.has(name) && !fixedPointTypes.has(name))
    throw malformedValue(place, 'the type is unknown') // a type that parseCadenceType did not make
  const number = readNumber(content, name)
  if (typeof number === 'string') throw malformedValue(place, number)
  return String(number)
}

function checkText(content: string, name: string, place: Place): string {
  if (/\p{Surrogate}/u.test(content))
    throw malformedValue(place, 'it holds half of a surrogate pair')
  if (name === 'Character' && !isCharacter(content))
    throw malformedValue(place, 'it is not one character')
  return content
}

const isCharacter = (text: string) => text.length <= MAX_CHARACTER_LENGTH && isOneGrapheme(text)

function checkPath(check: CadenceCheck, content: unknown, name: string, place: Place): string {
  const { domain, identifier } = fieldsOf(check, content, ['domain', 'identifier'], place)
  if (typeof domain !== 'string' || !pathTypes.get(name)?.includes(domain))
    throw malformedValue(place, `its domain is not ${pathTypes.get(name)?.join(' or ')}`)
  if (typeof identifier !== 'string' || identifier.length > MAX_PATH_LENGTH)
    throw malformedValue(place, `its identifier is not a text of at most ${MAX_PATH_LENGTH}`)
  if (!/^[A-Za-z_]\w*$/.test(identifier))
    throw malformedValue(place, 'its identifier is not one of Cadence')
  return `/${domain}/${identifier}`
}

function spend(check: CadenceCheck, bytes: number, place: Place): void {
  check.bytesLeft -= bytes
  if (check.bytesLeft < 0)
    throw malformedValue(
      place,
      `it has more than ${MAX_ARGUMENT_BYTES} bytes with what is before it`,
    )
}
