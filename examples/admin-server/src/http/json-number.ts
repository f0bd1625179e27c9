/** Whether a number of a JSON text is read as it was written. @module */

/** Characters; no exact number needs more. */
export const MAX_NUMBER_LENGTH = 32
/** So many significant digits come through a double unchanged, whatever they are (IEEE 754). */
const SAFE_DIGITS = 15
/** Smaller numbers lose digits, since a double has no exponents for them. */
const LEAST_EXPONENT = -290

const ZERO = 0x30
const NINE = 0x39
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e

/**
 * Whether the number that is read is the one that was written, up to 2^53 - 1: another reader of
 * the same text, such as an approver's tool, must not see another amount.
 *
 * @param token - What stands where a number does. Looked at once, from left to right.
 */
export function isExact(token: string): boolean {
  if (token.length > MAX_NUMBER_LENGTH) return false
  const decimal = readDecimal(token)
  if (decimal === undefined) return false
  const { negative, digits, exponent, magnitude } = decimal
  if (digits === 0) return !negative
  if (magnitude > SAFE_DIGITS + 1) return false
  if (digits <= SAFE_DIGITS && magnitude <= SAFE_DIGITS && exponent >= LEAST_EXPONENT) return true
  const value = Number(token)
  if (value === 0 || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false
  const text = String(value)
  return text === token || canonical(text) === canonical(token)
}

type Decimal = {
  readonly negative: boolean
  /** Significant ones; 0 for zero. */
  readonly digits: number
  /** Of ten, of the last significant digit. */
  readonly exponent: number
  /** The value is below ten to this power. */
  readonly magnitude: number
}

function readDecimal(token: string): Decimal | undefined {
  const negative = token.charCodeAt(0) === MINUS
  let seen = 0
  let point = -1
  let first = -1
  let last = -1
  let at = negative ? 1 : 0
  for (; at < token.length; at += 1) {
    const code = token.charCodeAt(at)
    if (code >= ZERO && code <= NINE) {
      if (code !== ZERO) {
        if (first < 0) first = seen
        last = seen
      }
      seen += 1
    } else if (code === POINT && point < 0 && seen > 0) point = seen
    else break
  }
  const power = at === token.length ? 0 : readExponent(token, at)
  if (seen === 0 || point === seen || power === undefined) return undefined
  const scale = power + (point < 0 ? seen : point)
  return {
    negative,
    digits: first < 0 ? 0 : last - first + 1,
    exponent: scale - 1 - last,
    magnitude: scale - first,
  }
}

/** @param start - Where `e` has to stand. */
function readExponent(token: string, start: number): number | undefined {
  if ((token.charCodeAt(start) | 0x20) !== 0x65) return undefined
  const sign = token.charCodeAt(start + 1)
  const from = sign === MINUS || sign === PLUS ? start + 2 : start + 1
  let power = 0
  for (let at = from; at < token.length; at += 1) {
    const code = token.charCodeAt(at)
    if (code < ZERO || code > NINE) return undefined
    power = power * 10 + code - ZERO
  }
  if (from === token.length) return undefined
  return sign === MINUS ? -power : power
}

/** Significant digits and exponent of a decimal number: `1.50e1` and `15` are both `15e0`. */
function canonical(token: string): string {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(token) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  const scale = Number(exponent) - fraction.length + digits.length - significant.length
  return `${token.startsWith('-') ? '-' : ''}${significant}e${scale}`
}
