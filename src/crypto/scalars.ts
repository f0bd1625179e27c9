/** Unsigned 256-bit scalars between bytes and bigint. @module */

import { bytesToHex, hexToBytes } from './hex.ts'

/** @param bytes - Big-endian, any length. */
export function bytesToScalar(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`)
}

/**
 * @param scalar - 0 to 2²⁵⁶ − 1.
 * @returns A new array of exactly 32 bytes, big-endian, zero-padded on the left.
 */
export function scalarToBytes(scalar: bigint): Uint8Array {
  return hexToBytes(scalar.toString(16).padStart(64, '0'), 'scalar')
}
