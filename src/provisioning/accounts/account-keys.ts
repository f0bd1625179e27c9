/** The keys of an account that is to be made, checked before anything is signed. @module */

import { assertWeight, REQUIRED_WEIGHT } from '../../crypto/account-key-rlp.ts'
import {
  type HashAlgorithm,
  isHashAlgorithm,
  isSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../../crypto/algorithms.ts'
import { hexToBytes } from '../../crypto/hex.ts'
import { importPublicKey } from '../../crypto/verify.ts'
import { SignerError } from '../../errors.ts'
import { parseKmsKeyId } from '../../kms-key-id.ts'
import { assertKnownKeys, invalid } from '../../options.ts'

/** One key of a new account. Its index is its place in the list. */
export type NewAccountKey = {
  /** 128 hexadecimal digits, X‖Y, no 0x. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  /** Default `SHA3_256`. */
  readonly hashAlgorithm?: HashAlgorithm
  /** A whole number from 0 to 1000. */
  readonly weight: number
  /** The KMS key it belongs to: told where it is used by a tag. Needs `client`. */
  readonly kmsKeyId?: string
}

/** A checked key; `publicKey` in lower case. */
export type CheckedAccountKey = Required<Omit<NewAccountKey, 'kmsKeyId'>> &
  Pick<NewAccountKey, 'kmsKeyId'>

/** More would not fit in the compute limit of one transaction, 9,999. */
const MAX_KEYS = 200

/**
 * Copies of a public key carry weight 0: with weight on both, one holder of a 500+500 account
 * would reach 1,000 alone.
 *
 * @throws {SignerError} `INVALID_OPTION`, `MALFORMED_HEX`, `MALFORMED_PUBLIC_KEY`,
 * `INVALID_KEY_ID`; `INVALID_WEIGHT` for a weight out of range, a copy with weight, and a sum
 * under 1,000 unless `allowLowWeight`.
 */
export function checkAccountKeys(
  keys: readonly NewAccountKey[],
  allowLowWeight: boolean,
): readonly CheckedAccountKey[] {
  if (!Array.isArray(keys) || keys.length === 0) throw invalid('keys', 'there is none')
  if (keys.length > MAX_KEYS) throw invalid('keys', `there are more than ${MAX_KEYS}`)
  const checked = keys.map(checkKey)
  const weighted = new Set<string>()
  for (const { publicKey, weight } of checked) {
    if (weight === 0) continue
    if (weighted.has(publicKey))
      throw new SignerError('INVALID_WEIGHT', {
        weight: String(weight),
        reason: 'a second key with the same public key must carry weight 0',
      })
    weighted.add(publicKey)
  }
  const sum = checked.reduce((total, { weight }) => total + weight, 0)
  if (sum < REQUIRED_WEIGHT && !allowLowWeight)
    throw new SignerError('INVALID_WEIGHT', {
      weight: String(sum),
      reason: `the sum of all weights, with which nobody could ever use the account`,
    })
  return checked
}

function checkKey(key: NewAccountKey): CheckedAccountKey {
  assertKnownKeys(key, [
    'publicKey',
    'signatureAlgorithm',
    'hashAlgorithm',
    'weight',
    'kmsKeyId',
  ] satisfies readonly (keyof NewAccountKey)[])
  const { signatureAlgorithm, hashAlgorithm = 'SHA3_256', weight, kmsKeyId } = key
  if (!isSignatureAlgorithm(signatureAlgorithm))
    throw invalid('signatureAlgorithm', 'it is neither ECDSA_P256 nor ECDSA_secp256k1')
  if (!isHashAlgorithm(hashAlgorithm))
    throw invalid('hashAlgorithm', 'it is neither SHA2_256 nor SHA3_256')
  importPublicKey(hexToBytes(key.publicKey, 'publicKey'), signatureAlgorithm)
  assertWeight(weight)
  if (kmsKeyId !== undefined) parseKmsKeyId(kmsKeyId)
  const publicKey = key.publicKey.toLowerCase()
  const facts = { publicKey, signatureAlgorithm, hashAlgorithm, weight }
  return kmsKeyId === undefined ? facts : { ...facts, kmsKeyId }
}
