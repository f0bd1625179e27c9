/** DER signatures, as every HSM returns them, to the 64 bytes that a Flow node expects. @module */

import { type AsnType, Integer, Sequence } from 'asn1js'
import { SignerError } from '../errors.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import { bytesOrNone } from './arguments.ts'
import { isDerOf, readAsn1 } from './asn1.ts'
import { rawFromScalars } from './raw-signature.ts'

/** The longest strict encoding: two INTEGERs of 33 bytes in a SEQUENCE. */
const MAX_BYTE_LENGTH = 72

/**
 * Strict DER SEQUENCE{INTEGER r, INTEGER s} to r‖s with s in the lower half of the order.
 * A high s is replaced by n − s, which verifies just the same: Flow accepts both, but one form
 * for each signature keeps bytes comparable. Whether it verifies is `verifySignature`'s question.
 *
 * @param der - 8 to 72 bytes. Neither modified nor retained.
 * @returns A new array of exactly 64 bytes: r, then s, each 32 bytes big-endian.
 * @throws {SignerError} `MALFORMED_SIGNATURE` on anything but strict DER with 0 < r, s < n;
 * `INVALID_OPTION` for an algorithm that is unknown.
 * @see ITU-T X.690 8.3 and 10.1 for the encoding, RFC 3279 2.2.3 for its use in ECDSA.
 */
export function derToRaw(der: Uint8Array, algorithm: SignatureAlgorithm): Uint8Array {
  const byteLength = bytesOrNone(der)?.length ?? 0
  const fail = (reason: string) => new SignerError('MALFORMED_SIGNATURE', { byteLength, reason })
  if (bytesOrNone(der) === undefined) throw fail('not a Uint8Array')
  const sequence = byteLength <= MAX_BYTE_LENGTH ? readAsn1(der) : undefined
  if (!(sequence instanceof Sequence)) throw fail('not an ASN.1 SEQUENCE')
  const [r, s, ...rest] = sequence.valueBlock.value.map(integerValue)
  if (r === undefined || s === undefined || rest.length > 0) throw fail('not two INTEGERs')
  const value = [Integer.fromBigInt(r), Integer.fromBigInt(s)]
  if (!isDerOf(new Sequence({ value }), der)) throw fail('not in DER')
  return rawFromScalars(r, s, algorithm, fail)
}

const integerValue = (item: AsnType) => (item instanceof Integer ? item.toBigInt() : undefined)
