/** A KMS key as a key for a new account. @module */

import type { HashAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import { createAwsKmsSigner } from '../../signers/aws-kms/aws-kms-signer.ts'
import { describeAwsKmsKey, type KmsKeyDescription } from '../../signers/aws-kms/describe-key.ts'
import { type KmsOptions, kmsOptions, openKms } from '../keys/kms-session.ts'
import type { NewAccountKey } from './account-keys.ts'

/** Options of `accountKeyOf`. */
export type AccountKeyOfOptions = KmsOptions & {
  /** Key id, key ARN, `alias/name` or alias ARN. */
  readonly keyId: string
  /** A whole number from 0 to 1000; checked by `createAccount`. */
  readonly weight: number
  readonly hashAlgorithm?: HashAlgorithm
}

/**
 * Reads the public key, and refuses a key that could not sign now. Needs `kms:GetPublicKey`; the
 * state is checked when `kms:DescribeKey` is granted.
 *
 * @returns One of the `keys` of `createAccount`.
 * @throws {SignerError} `KEY_DISABLED`, `KEY_STATE_INVALID`, `KEY_SPEC_UNSUPPORTED`,
 * `KEY_USAGE_UNSUPPORTED`, `KEY_NOT_FOUND`, `INVALID_KEY_ID` and the `KMS_…` codes.
 */
export async function accountKeyOf(options: AccountKeyOfOptions): Promise<NewAccountKey> {
  assertKnownKeys(options, ['client', 'limits', 'signal', 'keyId', 'weight', 'hashAlgorithm'])
  const { keyId, weight, hashAlgorithm, signal } = options
  const kms = await openKms(options)
  const signer = createAwsKmsSigner({ ...kms.limits, client: kms.client, keyId })
  const [{ bytes, algorithm }] = await Promise.all([
    signer.publicKey(signal === undefined ? {} : { signal }),
    describeAwsKmsKey({ ...kmsOptions(kms), keyId }).then(
      (key) => assertUsable(keyId, key),
      (thrown: unknown) => {
        if (!isSignerError(thrown, 'KMS_ACCESS_DENIED')) throw thrown
      },
    ),
  ])
  return {
    publicKey: bytesToHex(bytes),
    signatureAlgorithm: algorithm,
    ...(hashAlgorithm === undefined ? {} : { hashAlgorithm }),
    weight,
    kmsKeyId: keyId,
  }
}

function assertUsable(keyId: string, { unusable, state }: KmsKeyDescription): void {
  if (unusable === undefined) return
  if (state === 'Disabled') throw new SignerError('KEY_DISABLED', { keyId })
  // A wrong spec or usage is refused, with its own code, by what reads the public key.
  if (state !== 'Enabled') throw new SignerError('KEY_STATE_INVALID', { keyId, reason: state })
}
