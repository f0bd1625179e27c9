/** Signatures as 64 bytes, r‖s, in the one form that this package gives out. @module */

import { SignerError } from '../errors.ts'
import type { SignatureAlgorithm } from './algorithms.ts'
import { bytesOrNone, curveOf } from './arguments.ts'
import { bytesToScalar, scalarToBytes } from './scalars.ts'

/**
 * Checks 64 raw bytes and brings s into the lower half of the order.
 *
 * @param raw - Borrowed, not modified.
 * @returns A new array of 64 bytes.
 * @throws {SignerError} `MALFORMED_SIGNATURE` when it is not 64 bytes with 0 < r, s < n.
 */
export function normalizeRaw(raw: Uint8Array, algorithm: SignatureAlgorithm): Uint8Array {
  const fail = (reason: string) =>
    new SignerError('MALFORMED_SIGNATURE', { byteLength: bytesOrNone(raw)?.length ?? 0, reason })
  if (!(raw instanceof Uint8Array) || raw.length !== 64) throw fail('not 64 bytes')
  const [r, s] = [bytesToScalar(raw.subarray(0, 32)), bytesToScalar(raw.subarray(32))]
  return rawFromScalars(r, s, algorithm, fail)
}

/** @returns 64 new bytes; throws what `fail` makes unless 0 < r, s < n. */
export function rawFromScalars(
  r: bigint,
  s: bigint,
  algorithm: SignatureAlgorithm,
  fail: (reason: string) => SignerError,
): Uint8Array {
  const { order } = curveOf(algorithm)
  if (r <= 0n || s <= 0n || r >= order || s >= order) throw fail('a scalar out of range')
  const raw = new Uint8Array(64)
  raw.set(scalarToBytes(r))
  raw.set(scalarToBytes(s > order / 2n ? order - s : s), 32)
  return raw
}
