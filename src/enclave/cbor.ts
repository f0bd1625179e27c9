/** CBOR in its strict form, as the Nitro Secure Module writes it. @module */

import { decode, encode } from 'cborg'
import { equalBytes } from '../crypto/bytes.ts'

/**
 * One item and nothing after it, in its shortest form, no key twice, nothing of indefinite length.
 *
 * @param bytes - Borrowed.
 * @returns Maps as `Map`; undefined for anything else. Never throws.
 */
export function readCbor(bytes: Uint8Array): unknown {
  try {
    const value: unknown = decode(bytes, strict)
    // The parser drops a byte order mark, and takes a float for the integer that it equals.
    return equalBytes(encode(value, asItWas), bytes) ? value : undefined
  } catch {
    return undefined // what the parser says quotes the bytes
  }
}

const strict = {
  useMaps: true,
  strict: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
}
/** Keys stay where they were: the documents of the hardware do not sort them. */
const asItWas = { mapSorter: () => 0 }
