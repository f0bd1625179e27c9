/** Arguments as FCL's users write them: `args: (arg, t) => [arg('1.0', t.UFix64)]`. @module */

import { SignerError } from '../errors.ts'

/** A type of `@onflow/types`. */
export type FclType = {
  readonly label: string
  readonly asArgument: (value: never) => unknown
  readonly asInjection: (value: never) => unknown
}

/** What `arg` of FCL makes: a value and its type. */
export type FclArgument = { readonly value: unknown; readonly xform: FclType }

type SimpleType =
  | `${'Int' | 'UInt'}${'' | 8 | 16 | 32 | 64 | 128 | 256}`
  | `Word${8 | 16 | 32 | 64 | 128 | 256}`
  | `${'Fix' | 'UFix'}${64 | 128}`
  | 'Address'
  | 'Bool'
  | 'Character'
  | 'Identity'
  | 'Path'
  | 'Reference'
  | 'String'
  | 'Void'
type FieldType = { readonly value: FclType }
type Composite = (id: string, fields: FieldType | readonly FieldType[]) => FclType
type EntryType = { readonly key: FclType; readonly value: FclType }

/** The types of `@onflow/types` by name; FCL passes the same object to its own `args`. */
export type FclTypes = Readonly<Record<SimpleType, FclType>> & {
  readonly Optional: (of: FclType) => FclType
  readonly Array: (of: FclType | readonly FclType[]) => FclType
  readonly Dictionary: (of?: EntryType | readonly EntryType[]) => FclType
  readonly InclusiveRange: (of: FclType) => FclType
  readonly Struct: Composite
  readonly Resource: Composite
  readonly Event: Composite
  readonly Enum: (id: string, rawValue: FieldType) => FclType
}

/** A function as `fcl.mutate` takes it. */
export type ArgumentsFunction = (
  arg: (value: unknown, type: FclType) => FclArgument,
  t: FclTypes,
) => readonly unknown[]

/**
 * @param option - Named by the error.
 * @returns What the function returns, each still with its type.
 * @throws {SignerError} `INVALID_OPTION` when it throws, or `@onflow/types` is not installed.
 */
export async function callArguments(args: ArgumentsFunction, option: string): Promise<unknown> {
  const types = await loadTypes(option)
  try {
    return await args((value, xform) => ({ value, xform }), types)
  } catch (cause) {
    throw invalid(option, `the function threw ${said(cause)}`, cause)
  }
}

export const isFclArgument = (value: unknown): value is FclArgument =>
  isRecord(value) && isRecord(value['xform']) && typeof value['xform']['asArgument'] === 'function'

/**
 * @param option - Named by the error.
 * @returns JSON-Cadence, as the type makes it.
 * @throws {SignerError} `INVALID_OPTION` for a value that its type does not take.
 */
export function encodeFclArgument({ value, xform }: FclArgument, option: string): unknown {
  try {
    return encode(xform, value)
  } catch (cause) {
    throw invalid(option, `one does not fit its type: ${said(cause)}`, cause)
  }
}

async function loadTypes(option: string): Promise<FclTypes> {
  try {
    const module: object = await import('@onflow/types')
    const types = module as FclTypes // its own declarations say the same of values that are any
    const { Fix64, UFix64, Fix128, UFix128 } = types // old versions lack the longer ones
    const fixed = Object.entries({ Fix64, UFix64, Fix128, UFix128 })
    const written = fixed.flatMap(([name, type]) => (type ? [[name, asWritten(type)]] : []))
    return { ...types, ...Object.fromEntries(written) }
  } catch (cause) {
    throw invalid(option, 'a function needs @onflow/types: install it, or pass JSON-Cadence', cause)
  }
}

/** Does not pad a number with zeros: one intent is one text, whichever way it is written. */
function asWritten(type: FclType): FclType {
  const asArgument = (given: unknown): unknown => {
    const encoded = encode(type, given)
    return isRecord(encoded) && typeof given === 'string' ? { ...encoded, value: given } : encoded
  }
  return { ...type, asArgument }
}

/** As FCL calls a type: with whatever it is given, of which it refuses what it does not take. */
const encode = (type: FclType, given: unknown): unknown =>
  (type.asArgument as (value: unknown) => unknown)(given)

const said = (thrown: unknown) =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}`.slice(0, 200) : 'something'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const invalid = (option: string, reason: string, cause: unknown) =>
  new SignerError('INVALID_OPTION', { option, reason }, { cause })
