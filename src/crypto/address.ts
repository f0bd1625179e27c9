/** Flow addresses: 8 bytes, written as 16 hexadecimal digits. @module */

import { SignerError } from '../errors.ts'
import { hexToBytes } from './hex.ts'

/**
 * @param address - 16 digits of either case, with or without 0x.
 * @returns `0x` and 16 lower-case digits.
 * @throws {SignerError} `INVALID_ADDRESS`. At most 20 characters of the value are shown: it may be
 * a key that was passed by mistake.
 */
export function normalizeAddress(address: string): string {
  const digits = typeof address === 'string' ? address.replace(/^0x/i, '') : ''
  if (/^[0-9a-f]{16}$/i.test(digits)) return `0x${digits.toLowerCase()}`
  const shown = typeof address === 'string' && address.length <= 20
  throw new SignerError('INVALID_ADDRESS', {
    value: shown ? JSON.stringify(address) : 'not shown',
    reason: typeof address === 'string' ? `it has ${digits.length} digits` : 'it is not a text',
  })
}

/** @returns A new array of 8 bytes. */
export function addressToBytes(address: string): Uint8Array {
  return hexToBytes(normalizeAddress(address).slice(2), 'address')
}
