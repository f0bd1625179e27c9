/** The old KMS key itself: its state, its Region, its public key. @module */

import type { SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import { bytesToHex } from '../../../crypto/hex.ts'
import { isSignerError, SignerError } from '../../../errors.ts'
import { parseKmsKeyId } from '../../../kms-key-id.ts'
import { clientRegion } from '../../../signers/aws/configuration.ts'
import { createAwsKmsSigner } from '../../../signers/aws-kms/aws-kms-signer.ts'
import { describeAwsKmsKey } from '../../../signers/aws-kms/describe-key.ts'
import { keySpecs } from '../../../signers/aws-kms/public-key.ts'
import { type KmsSession, kmsOptions } from '../../keys/kms-session.ts'

/** What an end of a key depends on. */
export type KeyState = {
  /** As KMS names it, or `gone` when KMS has no such key (any more). */
  readonly state: string
  readonly keySpec: string
  /** Of a multi-Region key: where the others of its set are. */
  readonly otherRegions: readonly string[]
  /** Of a multi-Region key: whether the others are replicas of it. */
  readonly isPrimary: boolean
}

/** @throws {SignerError} `INVALID_KEY_ID` for anything but a key ARN: an alias may move meanwhile. */
export function assertKeyArn(keyId: string): void {
  if (parseKmsKeyId(keyId).keyArn !== undefined) return
  const reason = 'it is not a key ARN, and only that names one key for good; DescribeKey tells it'
  throw new SignerError('INVALID_KEY_ID', { reason })
}

/**
 * Needs `kms:DescribeKey`.
 *
 * @throws {SignerError} `KEY_REGION_MISMATCH`: another Region would say that there is no such key.
 */
export async function readState(kms: KmsSession, keyArn: string): Promise<KeyState> {
  const { region } = parseKmsKeyId(keyArn)
  const ours = await clientRegion(kms.client, { leftMs: () => kms.limits.totalTimeoutMs })
  if (region !== undefined && region !== ours)
    throw new SignerError('KEY_REGION_MISMATCH', { keyRegion: region, clientRegion: ours })
  const found = await describeAwsKmsKey({ ...kmsOptions(kms), keyId: keyArn }).catch(
    (thrown: unknown) => {
      if (isSignerError(thrown, 'KEY_NOT_FOUND')) return undefined
      throw thrown
    },
  )
  const { state = 'gone', keySpec = '', regions = [] } = found ?? {}
  return {
    state,
    keySpec,
    otherRegions: regions.filter((one) => one !== region),
    isPrimary: regions.length > 1 && regions[0] === region, // the primary is told first
  }
}

/** One that waits for its deletion can be described, and nothing else. */
export const isPending = (state: string): boolean => /^Pending.*Deletion$/.test(state)

/**
 * Needs `kms:GetPublicKey`. KMS may refuse it for a key that is disabled; then what was given is believed.
 *
 * @param given - 128 hexadecimal digits.
 * @returns `undefined` when KMS does not tell it and it was not given.
 * @throws {SignerError} `INVALID_OPTION` when KMS tells another key than was given.
 */
export async function readPublicKey(
  kms: KmsSession,
  keyArn: string,
  { keySpec }: KeyState,
  given: string | undefined,
): Promise<{ publicKey: string; signatureAlgorithm: SignatureAlgorithm } | undefined> {
  const { limits, client, signal } = kms
  try {
    const signer = createAwsKmsSigner({ ...limits, client, keyId: keyArn })
    const { bytes, algorithm } = await signer.publicKey(signal === undefined ? {} : { signal })
    const publicKey = bytesToHex(bytes)
    if (given === undefined || given === publicKey)
      return { publicKey, signatureAlgorithm: algorithm }
  } catch (thrown) {
    const isState =
      isSignerError(thrown, 'KEY_DISABLED') || isSignerError(thrown, 'KEY_STATE_INVALID')
    if (!isState) throw thrown
    const algorithm = keySpecs[keySpec]
    return given === undefined || algorithm === undefined
      ? undefined
      : { publicKey: given, signatureAlgorithm: algorithm }
  }
  const reason = 'it is not the public key of keyId'
  throw new SignerError('INVALID_OPTION', { option: 'publicKey', reason })
}
