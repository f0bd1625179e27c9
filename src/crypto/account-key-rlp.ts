/** The RLP form of a Flow account key, as the node and the Flow CLI exchange it. @module */

import { RLP } from '@ethereumjs/rlp'
import { SignerError } from '../errors.ts'
import { type HashAlgorithm, hashCodes, type SignatureAlgorithm } from './algorithms.ts'
import { checkedHash, checkedObject, curveOf } from './arguments.ts'
import { checkedPublicKey } from './public-key.ts'

/** The weight that a payer's or an authorizer's keys must reach together. flow-go `fvm/context.go`. */
export const REQUIRED_WEIGHT = 1000

/**
 * @param key - `publicKey`: 64 bytes, X‖Y. `weight`: a whole number from 0 to 1000.
 * @returns RLP of [public key, signature algorithm, hash algorithm, weight] with the node's codes:
 * 2 for P-256 and 3 for secp256k1, which Cadence calls 1 and 2.
 * @throws {SignerError} `MALFORMED_PUBLIC_KEY`, `INVALID_WEIGHT`, `INVALID_OPTION`.
 * @see flow-go `model/flow/account_encoder.go`.
 */
export function encodeAccountKey(key: {
  readonly publicKey: Uint8Array
  readonly algorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
  readonly weight: number
}): Uint8Array {
  const { publicKey, algorithm, hashAlgorithm, weight } = checkedObject('key', key)
  const point = checkedPublicKey(publicKey, algorithm)
  assertWeight(weight)
  const codes = [curveOf(algorithm).nodeCode, hashCodes[checkedHash(hashAlgorithm)]]
  return RLP.encode([point, ...codes, weight])
}

/**
 * The protocol itself cuts 0.5 to 0 and keeps 1500, so this must be checked before it is sent.
 *
 * @throws {SignerError} `INVALID_WEIGHT` for anything but a whole number from 0 to 1000.
 */
export function assertWeight(weight: number): void {
  if (!Number.isInteger(weight) || weight < 0 || weight > REQUIRED_WEIGHT)
    throw new SignerError('INVALID_WEIGHT', {
      weight: typeof weight === 'number' ? String(weight) : `of type ${typeof weight}`,
      reason: 'not a whole number from 0 to 1000',
    })
}
