/** Verification of signatures, by node:crypto: OpenSSL, never our own arithmetic. @module */

import type { KeyObject } from 'node:crypto'
import { SignerError } from '../errors.ts'
import type { HashAlgorithm, SignatureAlgorithm } from './algorithms.ts'
import { bytesOrNone, curveOf } from './arguments.ts'
import { opensslDigests } from './hash.ts'
import { nodeCrypto } from './node-crypto.ts'

/**
 * @param bytes - 64 bytes, X‖Y big-endian. Neither modified nor retained.
 * @throws {SignerError} `MALFORMED_PUBLIC_KEY` when it is not 64 bytes or not a point on the curve;
 * `INVALID_OPTION` for an algorithm that is unknown; `NODE_CRYPTO_MISSING` in a browser.
 */
export function importPublicKey(bytes: Uint8Array, algorithm: SignatureAlgorithm): KeyObject {
  const byteLength = bytesOrNone(bytes)?.length ?? 0
  const coordinate = (start: number) =>
    Buffer.from(bytes.subarray(start, start + 32)).toString('base64url')
  if (byteLength !== 64)
    throw new SignerError('MALFORMED_PUBLIC_KEY', { byteLength, reason: 'not 64 bytes' })
  const crv = curveOf(algorithm).jwkName
  if (nodeCrypto === undefined)
    throw new SignerError('NODE_CRYPTO_MISSING', { needed: 'to verify signatures' })
  try {
    const key = { kty: 'EC', crv, x: coordinate(0), y: coordinate(32) }
    return nodeCrypto.createPublicKey({ format: 'jwk', key })
  } catch (cause) {
    const reason = 'a point that is not on the curve'
    throw new SignerError('MALFORMED_PUBLIC_KEY', { byteLength, reason }, { cause })
  }
}

/**
 * About 0.3 ms for secp256k1 and 0.1 ms for P-256.
 *
 * @param publicKey - From `importPublicKey`; import once, verify often.
 * @param message - The whole message, not hashed.
 * @param signature - r‖s. Another length than 64 bytes is simply not a signature.
 * @returns Whether the signature is one of the message by this key. Never throws.
 */
export function verifySignature(
  publicKey: KeyObject,
  message: Uint8Array,
  hashAlgorithm: HashAlgorithm,
  signature: Uint8Array,
): boolean {
  if (bytesOrNone(signature)?.length !== 64) return false
  try {
    const key = ofScalars(publicKey)
    return nodeCrypto?.verify(opensslDigests[hashAlgorithm], message, key, signature) ?? false
  } catch {
    return false // OpenSSL reports some malformed input by an error
  }
}

/**
 * As `verifySignature`, by a thread of libuv's pool: about 0.02 ms more work, and the thread of the
 * caller is free meanwhile. Message and signature are copied at once.
 *
 * @returns Never rejects.
 */
export function verifySignatureInPool(
  publicKey: KeyObject,
  message: Uint8Array,
  hashAlgorithm: HashAlgorithm,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    const verify = nodeCrypto?.verify
    if (verify === undefined || bytesOrNone(signature)?.length !== 64) return resolve(false)
    const digest = opensslDigests[hashAlgorithm]
    try {
      verify(digest, message, ofScalars(publicKey), signature, (error, isOne) =>
        resolve(error === null && isOne),
      )
    } catch {
      resolve(false)
    }
  })
}

const ofScalars = (key: KeyObject) => ({ key, dsaEncoding: 'ieee-p1363' }) as const
