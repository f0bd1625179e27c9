/** What JavaScript may pass as anything: told as an option that is wrong. @module */

import { SignerError } from '../errors.ts'
import {
  type Curve,
  curves,
  type HashAlgorithm,
  isHashAlgorithm,
  isSignatureAlgorithm,
  type SignatureAlgorithm,
} from './algorithms.ts'

const wrong = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })

/** @throws {SignerError} `INVALID_OPTION` unless it is a `Uint8Array`. @returns The same. */
export function checkedBytesOf(option: string, value: Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw wrong(option, 'it is not a Uint8Array')
}

/** @throws {SignerError} `INVALID_OPTION` unless it is an object. @returns The same. */
export function checkedObject<T extends object>(option: string, value: T): T {
  if (typeof value === 'object' && value !== null) return value
  throw wrong(option, 'it is not an object')
}

/** @throws {SignerError} `INVALID_OPTION` for an algorithm that Flow does not know. */
export function curveOf(algorithm: SignatureAlgorithm): Curve {
  if (isSignatureAlgorithm(algorithm)) return curves[algorithm]
  throw wrong('algorithm', 'it is neither ECDSA_P256 nor ECDSA_secp256k1')
}

/** @throws {SignerError} `INVALID_OPTION` for a hash that authorises no transaction. @returns The same. */
export function checkedHash(algorithm: HashAlgorithm): HashAlgorithm {
  if (isHashAlgorithm(algorithm)) return algorithm
  throw wrong('hashAlgorithm', 'it is neither SHA2_256 nor SHA3_256')
}

/** @returns The bytes, or `undefined` for what is not bytes. */
export const bytesOrNone = (value: Uint8Array): Uint8Array | undefined =>
  value instanceof Uint8Array ? value : undefined
