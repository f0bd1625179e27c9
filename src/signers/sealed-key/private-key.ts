/** Private scalars as bytes: made, brought into DER, and turned into public keys, by OpenSSL. @module */

import { createECDH, createSign, randomFillSync } from 'node:crypto'
import { curves, type HashAlgorithm, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { equalBytes } from '../../crypto/bytes.ts'
import { opensslDigests } from '../../crypto/hash.ts'
import { SCALAR_BYTES } from './record.ts'
import { overwriteFreed, secretBytes, secretCopy } from './secret-bytes.ts'

/** DER of `[0]` with the object identifier of each curve. */
const parameters: Readonly<Record<SignatureAlgorithm, readonly number[]>> = {
  ECDSA_P256: [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
  ECDSA_secp256k1: [0xa0, 7, 6, 5, 0x2b, 0x81, 4, 0, 0x0a],
}
/** SEQUENCE of `id-ecPublicKey` and the curve takes the identifier without its `[0]`. */
const EC_PUBLIC_KEY = [6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] as const
const ONE = new Uint8Array(SCALAR_BYTES).fill(1, SCALAR_BYTES - 1)

/** A private key and its public one. */
export type ScalarPair = {
  /** 32 bytes, big-endian, 1 to n − 1. The caller overwrites them. */
  readonly scalar: Uint8Array
  /** 64 bytes, X‖Y. */
  readonly publicKey: Uint8Array
}

/** @see FIPS 186-5 A.2.2: random bits, drawn again until they are a scalar. */
export function generateScalar(algorithm: SignatureAlgorithm): ScalarPair {
  const scalar = secretBytes(SCALAR_BYTES)
  for (;;) {
    const publicKey = publicKeyOf(randomFillSync(scalar), algorithm)
    if (publicKey !== undefined) return { scalar, publicKey }
  }
}

/**
 * About 0.35 ms for secp256k1 and 0.02 ms for P-256.
 *
 * @param scalar - Borrowed.
 * @returns 64 new bytes; undefined for anything but a scalar of 1 to n − 1.
 */
export function publicKeyOf(
  scalar: Uint8Array,
  algorithm: SignatureAlgorithm,
): Uint8Array | undefined {
  if (scalar.length !== SCALAR_BYTES) return undefined
  const ecdh = createECDH(curves[algorithm].opensslName)
  try {
    ecdh.setPrivateKey(scalar)
    return new Uint8Array(ecdh.getPublicKey().subarray(1))
  } catch {
    return undefined // zero, or not below the order
  } finally {
    ecdh.setPrivateKey(ONE) // OpenSSL overwrites the one before; the garbage collector would not
  }
}

/**
 * Signs from DER, by a `Sign`: a `KeyObject`, and the one-shot `sign`, hold the key until the garbage is
 * collected.
 *
 * @param pair - Borrowed.
 * @returns 64 new bytes, r‖s.
 */
export function signByScalar(
  pair: ScalarPair,
  algorithm: SignatureAlgorithm,
  message: Uint8Array,
  hashAlgorithm: HashAlgorithm,
): Uint8Array {
  const der = ecPrivateKey(pair, parameters[algorithm], true)
  try {
    const signature = createSign(opensslDigests[hashAlgorithm])
      .update(message)
      .sign({
        key: Buffer.from(der.buffer),
        format: 'der',
        type: 'sec1',
        dsaEncoding: 'ieee-p1363',
      })
    return new Uint8Array(signature)
  } finally {
    der.fill(0)
    overwriteFreed(der.length, SCALAR_BYTES)
  }
}

/** @see RFC 5915 3: ECPrivateKey, in DER. */
function ecPrivateKey(
  { scalar, publicKey }: ScalarPair,
  curve: readonly number[],
  withPublicKey: boolean,
): Uint8Array {
  const point = withPublicKey ? [0xa1, 68, 3, 66, 0, 4] : []
  const length = 5 + SCALAR_BYTES + curve.length + (withPublicKey ? 70 : 0)
  const der = secretBytes(2 + length)
  der.set([0x30, length, 2, 1, 1, 4, SCALAR_BYTES])
  der.set(scalar, 7)
  der.set([...curve, ...point], 7 + SCALAR_BYTES)
  if (withPublicKey) der.set(publicKey, der.length - publicKey.length)
  return der
}

/**
 * The private key of a data key pair, as KMS gives it. It is taken out from where each form of this
 * key would have it, and the form encoded again and compared: nothing else is read.
 *
 * @param pkcs8 - Borrowed.
 * @param publicKey - 64 bytes, the one that it must have.
 * @returns 32 new bytes, which the caller overwrites; undefined for anything but this key.
 * @see RFC 5958 2 for PKCS#8, RFC 5915 3 for what it holds.
 */
export function scalarOfPkcs8(
  pkcs8: Uint8Array,
  algorithm: SignatureAlgorithm,
  publicKey: Uint8Array,
): Uint8Array | undefined {
  for (const withCurve of [false, true])
    for (const withPublicKey of [true, false]) {
      const inner = (scalar: Uint8Array) =>
        ecPrivateKey({ scalar, publicKey }, withCurve ? parameters[algorithm] : [], withPublicKey)
      const prefix = pkcs8Prefix(algorithm, inner(ONE).length)
      if (pkcs8.length !== prefix.length + inner(ONE).length) continue
      const at = prefix.length + 7
      const scalar = secretCopy(pkcs8.subarray(at, at + SCALAR_BYTES))
      const expected = inner(scalar)
      const isSame =
        equalBytes(pkcs8.subarray(0, prefix.length), prefix) &&
        equalBytes(pkcs8.subarray(prefix.length), expected)
      expected.fill(0)
      const derived = isSame ? publicKeyOf(scalar, algorithm) : undefined
      if (derived !== undefined && equalBytes(derived, publicKey)) return scalar
      scalar.fill(0)
    }
  return undefined
}

function pkcs8Prefix(algorithm: SignatureAlgorithm, innerLength: number): Uint8Array {
  const oid = parameters[algorithm].slice(2)
  const identifier = [0x30, EC_PUBLIC_KEY.length + oid.length, ...EC_PUBLIC_KEY, ...oid]
  const content = [2, 1, 0, ...identifier, 4, innerLength]
  const length = content.length + innerLength
  return Uint8Array.of(0x30, ...(length < 128 ? [length] : [0x81, length]), ...content)
}
