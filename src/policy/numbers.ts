/** Numbers of Cadence, which JSON-Cadence writes as texts: one text for each number. @module */

type Range = { readonly min: bigint | undefined; readonly max: bigint | undefined }

const signed = (bits: bigint): Range => ({
  min: -(1n << (bits - 1n)),
  max: (1n << (bits - 1n)) - 1n,
})
const unsigned = (bits: bigint): Range => ({ min: 0n, max: (1n << bits) - 1n })
const widths = [8n, 16n, 32n, 64n, 128n, 256n]

/** The range of each integer type. */
export const integerTypes: ReadonlyMap<string, Range> = new Map([
  ['Int', { min: undefined, max: undefined }],
  ['UInt', { min: 0n, max: undefined }],
  ...widths.map((bits): [string, Range] => [`Int${bits}`, signed(bits)]),
  ...widths.map((bits): [string, Range] => [`UInt${bits}`, unsigned(bits)]),
  ...widths.map((bits): [string, Range] => [`Word${bits}`, unsigned(bits)]),
])

type FixedPoint = Range & { readonly decimals: number }

/**
 * Decimals of each fixed-point type, and its range in units of the last one.
 *
 * @see Cadence `sema/type.go` and the fixed-point library for 128 bits, with 24 decimals.
 */
export const fixedPointTypes: ReadonlyMap<string, FixedPoint> = new Map([
  ['Fix64', { ...signed(64n), decimals: 8 }],
  ['UFix64', { ...unsigned(64n), decimals: 8 }],
  ['Fix128', { ...signed(128n), decimals: 24 }],
  ['UFix128', { ...unsigned(128n), decimals: 24 }],
])

/** The largest has 78; `Int` and `UInt` have no largest, and no argument needs more. */
const MAX_DIGITS = 200

/**
 * @param type - One of `integerTypes` or `fixedPointTypes`.
 * @returns The number, of a fixed-point type in units of its last decimal, or a sentence on what is
 * wrong.
 * @see Cadence `encoding/json/decode.go` and `fixedpoint/parse.go`, which also take `+1`, `007` and
 * `-0`.
 */
export function readNumber(text: string, type: string): bigint | string {
  const fixed = fixedPointTypes.get(type)
  if (text.length > MAX_DIGITS) return `it has more than ${MAX_DIGITS} characters`
  const value = fixed === undefined ? readInteger(text) : readFixedPoint(text, fixed.decimals)
  const { min, max } = fixed ?? integerTypes.get(type) ?? {}
  if (typeof value === 'bigint')
    if ((min !== undefined && value < min) || (max !== undefined && value > max))
      return 'it is out of range'
  return value
}

function readInteger(text: string): bigint | string {
  if (/^(0|-?[1-9]\d*)$/.test(text)) return BigInt(text)
  return 'it is not decimal digits without +, -0 and leading zeros'
}

function readFixedPoint(text: string, decimals: number): bigint | string {
  const [, sign = '', whole = '', fraction = ''] = fixedPoint.exec(text) ?? []
  const value = BigInt(whole + fraction.padEnd(decimals, '0'))
  if (whole === '' || fraction.length > decimals || (sign === '-' && value === 0n))
    return `it is not decimal digits, a point and 1 to ${decimals} decimals, without +, -0 and leading zeros`
  return sign === '-' ? -value : value
}

const fixedPoint = /^(-?)(0|[1-9]\d*)\.(\d+)$/
