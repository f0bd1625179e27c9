/** Rules on the value of one argument, beside its type. @module */

import { RE2JS } from 're2js'
import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import type { CadenceType } from './cadence-type.ts'
import type { CadenceValue } from './cadence-value.ts'
import { isAddressOfChain } from './chain-address.ts'
import { fixedPointTypes, integerTypes, readNumber } from './numbers.ts'

/**
 * All that are named must hold. They look at every simple value in the argument: the elements of
 * arrays, keys and values of dictionaries, what is in an optional. An empty array and `nil` hold
 * none; whether `nil` may be given, the type says.
 */
export type ArgumentRule = {
  /** Every value is one of these: texts and numbers as in JSON-Cadence, `true`, `/public/path`. */
  readonly oneOf?: readonly string[]
  /**
   * Every value, at most 1,000 characters of it, matches this as a whole: a regular expression as
   * RE2 writes it, without look-around and references back. It is matched in linear time.
   */
  readonly pattern?: string
  /** No number is greater: as JSON-Cadence writes it, `100` or `2.5`. */
  readonly max?: string
  /** Every address is one of these. `0x` and 16 lower-case digits. */
  readonly addresses?: readonly string[]
  /** Elements of each array and entries of each dictionary at most. */
  readonly maxItems?: number
}

/** @returns What is against the rule, or `undefined`. */
export type ArgumentCheck = (value: CadenceValue) => string | undefined

type Leaf = { readonly name: string; readonly text: string }
type LeafCheck = (leaf: Leaf) => string | undefined

const MAX_MATCHED_LENGTH = 1_000
/** Of a compiled pattern: each character costs at most as many. `[a-z]{64}` has 66. */
const MAX_INSTRUCTIONS = 1_000

/**
 * @param option - Named by the error.
 * @throws {SignerError} `INVALID_OPTION`, also for a rule that could never apply to the type.
 */
export function compileArgumentRule(
  option: string,
  rule: ArgumentRule,
  type: CadenceType,
  chainId: string,
): ArgumentCheck {
  assertKnownKeys(rule, ['oneOf', 'pattern', 'max', 'addresses', 'maxItems'])
  const { oneOf, pattern, max, addresses, maxItems } = rule
  const names = [...simpleNamesOf(type)]
  const checks: LeafCheck[] = []
  if (oneOf !== undefined) checks.push(oneOfCheck(`${option}.oneOf`, oneOf))
  if (pattern !== undefined) checks.push(patternCheck(`${option}.pattern`, pattern))
  if (max !== undefined) checks.push(maxCheck(`${option}.max`, max, names.filter(isNumberType)))
  if (addresses !== undefined)
    checks.push(addressCheck(`${option}.addresses`, addresses, names, chainId))
  if (
    maxItems !== undefined &&
    (!Number.isSafeInteger(maxItems) || maxItems < 0 || !hasItems(type))
  )
    throw invalid(
      `${option}.maxItems`,
      'it is not a whole number, or nothing in the type has items',
    )
  if (checks.length === 0 && maxItems === undefined) throw invalid(option, 'it has no rule')
  return (value) => faultIn(value, checks, maxItems ?? Number.POSITIVE_INFINITY)
}

/** The value was checked against its type before, so it has the shape that its tag says. */
function faultIn(
  value: CadenceValue,
  checks: readonly LeafCheck[],
  maxItems: number,
): string | undefined {
  const { type, value: content } = value
  const inner = innerValues(value)
  if (inner === undefined) {
    const leaf = { name: type, text: leafText(content) }
    return checks.map((check) => check(leaf)).find((fault) => fault !== undefined)
  }
  if (Array.isArray(content) && content.length > maxItems)
    return `it has more than ${maxItems} items`
  for (const one of inner) {
    const fault = faultIn(one, checks, maxItems)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** @returns `undefined` for a simple value. */
function innerValues({ type, value }: CadenceValue): readonly CadenceValue[] | undefined {
  // Casts: the value was checked, so what a tag promises is there.
  if (type === 'Optional') return value === null ? [] : [value as CadenceValue]
  if (type === 'Array') return value as readonly CadenceValue[]
  if (type !== 'Dictionary') return undefined
  const entries = value as readonly { readonly key: CadenceValue; readonly value: CadenceValue }[]
  return entries.flatMap(({ key, value: content }) => [key, content])
}

function leafText(content: unknown): string {
  if (typeof content !== 'object') return String(content)
  const { domain, identifier } = content as { domain: string; identifier: string } // a path, checked
  return `/${domain}/${identifier}`
}

function oneOfCheck(option: string, texts: readonly string[]): LeafCheck {
  if (!isTextList(texts)) throw invalid(option, 'it is not a list of texts')
  const allowed = new Set(texts)
  return ({ text }) => (allowed.has(text) ? undefined : 'it is not one of those allowed')
}

function patternCheck(option: string, pattern: string): LeafCheck {
  if (typeof pattern !== 'string' || pattern.length > MAX_MATCHED_LENGTH)
    throw invalid(option, `it is not a text of at most ${MAX_MATCHED_LENGTH} characters`)
  const compiled = compilePattern(option, pattern)
  return ({ text }) => {
    if (text.length > MAX_MATCHED_LENGTH) return `it has more than ${MAX_MATCHED_LENGTH} characters`
    return compiled.matches(text) ? undefined : 'it does not match the pattern'
  }
}

/**
 * The engine of JavaScript tries one way after the other, and `.*,.*,.*,.*` has a great many. This
 * one goes all ways at once.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 */
function compilePattern(option: string, pattern: string): RE2JS {
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern)
  } catch (cause) {
    const reason = 'it is not a regular expression of RE2, without look-around and references back'
    throw invalid(option, reason, cause)
  }
  if (compiled.programSize() > MAX_INSTRUCTIONS)
    throw invalid(option, `it needs more than ${MAX_INSTRUCTIONS} steps for each character`)
  return compiled
}

function maxCheck(option: string, max: string, types: readonly string[]): LeafCheck {
  const limits = new Map<string, bigint>()
  for (const type of types) {
    const limit = typeof max === 'string' ? readNumber(max, type) : 'it is not a text'
    if (typeof limit === 'string') throw invalid(option, limit)
    limits.set(type, limit)
  }
  if (limits.size === 0) throw invalid(option, 'nothing in the type is a number')
  return ({ name, text }) => {
    const limit = limits.get(name)
    if (limit === undefined) return undefined
    const number = readNumber(text, name)
    return typeof number === 'bigint' && number <= limit ? undefined : 'it is more than allowed'
  }
}

function addressCheck(
  option: string,
  addresses: readonly string[],
  names: readonly string[],
  chainId: string,
): LeafCheck {
  if (!isTextList(addresses) || !addresses.every((one) => isAddressOfChain(one, chainId)))
    throw invalid(option, `it is not a list of addresses valid on ${chainId}`)
  if (!names.includes('Address')) throw invalid(option, 'nothing in the type is an address')
  const allowed = new Set(addresses)
  return ({ name, text }) =>
    name !== 'Address' || allowed.has(text) ? undefined : 'it is not one of the addresses allowed'
}

function simpleNamesOf(type: CadenceType): ReadonlySet<string> {
  if (type.kind === 'simple') return new Set([type.name])
  if (type.kind === 'optional') return simpleNamesOf(type.inner)
  if (type.kind === 'array') return simpleNamesOf(type.item)
  return new Set([...simpleNamesOf(type.key), ...simpleNamesOf(type.value)])
}

function hasItems(type: CadenceType): boolean {
  return type.kind === 'optional' ? hasItems(type.inner) : type.kind !== 'simple'
}

const isNumberType = (name: string) => integerTypes.has(name) || fixedPointTypes.has(name)

const isTextList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')

const invalid = (option: string, reason: string, cause?: unknown) =>
  new SignerError('INVALID_OPTION', { option, reason }, { cause })
