/** What a field of a transaction can be, checked before it is encoded and after it is decoded. @module */

import { SignerError } from '../errors.ts'

/**
 * Of arguments, authorizers and signatures. Far above what the compute limit of a transaction can
 * use, and below what the RLP library can spread over its stack.
 */
export const MAX_LIST_ITEMS = 10_000

/** @param reason - Which field, and what is wrong with it. */
export const malformedTransaction = (reason: string, cause?: unknown): SignerError =>
  new SignerError('MALFORMED_TRANSACTION', { reason }, { cause })

/** @throws {SignerError} `MALFORMED_TRANSACTION` unless it is a whole number from 0 to 2⁵³ − 1. */
export function checkedNumber(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw malformedTransaction(`${name}: not a whole number from 0 to 2^53 - 1`)
  return value
}

/** @throws {SignerError} `MALFORMED_TRANSACTION` unless it is a bigint from 0 to 2⁶⁴ − 1. */
export function checkedUint64(value: bigint, name: string): bigint {
  if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value)
    throw malformedTransaction(`${name}: not a bigint from 0 to 2^64 - 1`)
  return value
}

/** @throws {SignerError} `MALFORMED_TRANSACTION` unless it is that many bytes. */
export function checkedBytes(value: Uint8Array, byteLength: number, name: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== byteLength)
    throw malformedTransaction(`${name}: not ${byteLength} bytes`)
  return value
}

/** @returns UTF-8. @throws {SignerError} `MALFORMED_TRANSACTION` unless it is a text. */
export function checkedText(value: string, name: string): Uint8Array {
  if (typeof value !== 'string') throw malformedTransaction(`${name}: not a text`)
  return utf8.encode(value)
}

const utf8 = new TextEncoder()

/** @throws {SignerError} `MALFORMED_TRANSACTION` unless it is an object. */
export function checkedFields<T extends object>(value: T, name: string): T {
  if (typeof value !== 'object' || value === null)
    throw malformedTransaction(`${name}: not an object`)
  return value
}

/** @throws {SignerError} `MALFORMED_TRANSACTION` unless it is a list of at most 10,000. */
export function checkedList<T>(value: readonly T[], name: string): readonly T[] {
  if (!Array.isArray(value) || value.length > MAX_LIST_ITEMS)
    throw malformedTransaction(`${name}: not a list of at most ${MAX_LIST_ITEMS}`)
  return value
}
