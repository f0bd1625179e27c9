/** asn1js parses; building the value again and comparing makes the reading strict. @module */

import * as asn1js from 'asn1js'
import { equalBytes } from './bytes.ts'

/**
 * Reads one ASN.1 value and nothing after it. Lenient about BER, so the caller must build what it
 * understood anew and compare with `isDerOf`.
 *
 * @param bytes - Borrowed; neither modified nor retained.
 * @returns `undefined` for what is not ASN.1. Never throws.
 */
export function readAsn1(bytes: Uint8Array): asn1js.AsnType | undefined {
  try {
    const { offset, result } = asn1js.fromBER(bytes.slice())
    return offset === bytes.length && result.error === '' ? result : undefined
  } catch {
    return undefined // asn1js throws on some malformed input instead of reporting it
  }
}

/**
 * Whether the bytes are the DER encoding of a value built anew. BER's liberties (long and
 * indefinite lengths, padded integers, spare bits) all encode to something else, so comparing
 * refuses them without a rule for each. The value must not come from a parser: asn1js remembers
 * the long lengths that it read.
 */
export function isDerOf(fresh: asn1js.BaseBlock, bytes: Uint8Array): boolean {
  return equalBytes(new Uint8Array(fresh.toBER()), bytes)
}
