/** Hexadecimal text, at the edge to FCL and to the access node. @module */

import { hexToBytes as bytesOf, bytesToHex as hexOf } from '@noble/hashes/utils.js'
import { SignerError } from '../errors.ts'
import { checkedBytesOf } from './arguments.ts'

/** Browsers have none; where it is, it is by far the faster. */
const hasBuffer = typeof Buffer === 'function'

/** @returns Lower-case digits, two per byte, no 0x. */
export function bytesToHex(bytes: Uint8Array): string {
  checkedBytesOf('bytes', bytes)
  const { buffer, byteOffset, byteLength } = bytes
  return hasBuffer ? Buffer.from(buffer, byteOffset, byteLength).toString('hex') : hexOf(bytes)
}

/**
 * Strict: `Buffer.from(text, 'hex')` stops silently at the first wrong digit, and so would sign
 * something else than was asked.
 *
 * @param hex - Digits of either case, two per byte, no 0x. The empty text is zero bytes.
 * @param field - What the value is, for the error. The value itself is never shown.
 * @throws {SignerError} `MALFORMED_HEX`.
 */
export function hexToBytes(hex: string, field: string): Uint8Array {
  const reason = hexFault(hex)
  if (reason !== undefined) throw new SignerError('MALFORMED_HEX', { field, reason })
  if (!hasBuffer) return bytesOf(hex)
  const bytes = new Uint8Array(hex.length / 2) // of its own: that of a Buffer may be shared
  Buffer.from(bytes.buffer).write(hex, 'hex')
  return bytes
}

function hexFault(hex: unknown): string | undefined {
  if (typeof hex !== 'string') return `it is of type ${typeof hex}`
  if (/^0x/i.test(hex)) return 'it starts with 0x'
  if (hex.length % 2 !== 0) return 'it has an odd number of digits'
  return /^[0-9a-f]*$/i.test(hex) ? undefined : 'it has characters other than 0-9 and a-f'
}
