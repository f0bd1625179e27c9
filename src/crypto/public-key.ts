/** Public keys as points, checked without OpenSSL: whether one is on its curve needs no secret arithmetic. @module */

import { SignerError } from '../errors.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import { bytesOrNone, curveOf } from './arguments.ts'
import { bytesToScalar } from './scalars.ts'

/**
 * y² = x³ + ax + b modulo p.
 * @see SEC 2 v2 2.4.1 (secp256k1) and 2.4.2 (secp256r1).
 */
const equations: Readonly<Record<SignatureAlgorithm, { p: bigint; a: bigint; b: bigint }>> = {
  ECDSA_P256: {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    a: -3n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  ECDSA_secp256k1: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn,
    a: 0n,
    b: 7n,
  },
}

/**
 * @param bytes - 64 bytes, X‖Y big-endian. Borrowed.
 * @returns The same.
 * @throws {SignerError} `MALFORMED_PUBLIC_KEY` when it is not 64 bytes or not a point on the curve;
 * `INVALID_OPTION` for an algorithm that is unknown.
 */
export function checkedPublicKey(bytes: Uint8Array, algorithm: SignatureAlgorithm): Uint8Array {
  const byteLength = bytesOrNone(bytes)?.length ?? 0
  const fail = (reason: string) => new SignerError('MALFORMED_PUBLIC_KEY', { byteLength, reason })
  if (byteLength !== 64) throw fail('not 64 bytes')
  const { p, a, b } = equations[curveOf(algorithm).algorithm]
  const [x, y] = [bytesToScalar(bytes.subarray(0, 32)), bytesToScalar(bytes.subarray(32))]
  // Both cofactors are 1, so each point but infinity, which has no such bytes, is in the group.
  if (x >= p || y >= p || (y * y - (x * x + a) * x - b) % p !== 0n)
    throw fail('a point that is not on the curve')
  return bytes
}
