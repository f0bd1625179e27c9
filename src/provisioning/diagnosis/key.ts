/** What one KMS key can do for these credentials. @module */

import { hashMessage } from '../../crypto/hash.ts'
import { isSignerError } from '../../errors.ts'
import { createAwsKmsSigner } from '../../signers/aws-kms/aws-kms-signer.ts'
import { describeAwsKmsKey } from '../../signers/aws-kms/describe-key.ts'
import type { Signer, SignerPublicKey } from '../../signers/signer.ts'
import { type KmsSession, kmsOptions } from '../keys/kms-session.ts'
import { checkOf, type Finding } from './finding.ts'

/** A key that was looked at. */
export type DiagnosedKey = {
  readonly keyId: string
  readonly findings: readonly Finding[]
  /** Absent when it could not be read. */
  readonly publicKey?: SignerPublicKey
  /** What the calls rejected with, to learn whether KMS was reached. */
  readonly failures: readonly unknown[]
  readonly answered: boolean
}

/** Has no domain tag, so should an emulator sign it for real, the signature is worth nothing. */
const DRY_RUN_MESSAGE = new TextEncoder().encode('fcl-kms doctor: a dry run, not a transaction')

/**
 * Makes three calls: DescribeKey, GetPublicKey and a Sign that KMS only checks.
 *
 * @param place - Stands for a key id that cannot be one.
 */
export async function diagnoseKey(
  kms: KmsSession,
  keyId: string,
  place: string,
): Promise<DiagnosedKey> {
  const failures: unknown[] = []
  const noted = <T extends (thrown: unknown) => Finding>(finding: T) => {
    return (thrown: unknown) => {
      kms.signal?.throwIfAborted()
      failures.push(thrown)
      return finding(thrown)
    }
  }
  let signer: Signer
  try {
    signer = createAwsKmsSigner({ ...kms.limits, client: kms.client, keyId })
  } catch (thrown) {
    // The id is not shown: it may be a private key that was passed by mistake.
    return {
      keyId,
      findings: [checkOf('key id', place).failed(thrown)],
      failures: [],
      answered: false,
    }
  }
  let publicKey: SignerPublicKey | undefined
  const readPublicKey = async () => {
    const { signal } = kms
    publicKey = await signer.publicKey(signal === undefined ? {} : { signal })
    return checkOf('public key', keyId).ok(publicKey.algorithm)
  }
  const findings = await Promise.all([
    checkState(kms, keyId).catch(noted((thrown) => stateFailed(keyId, thrown))),
    readPublicKey().catch(noted(checkOf('public key', keyId).failed)),
    dryRun(kms, keyId).catch(noted(checkOf('sign permission', keyId).failed)),
  ])
  const answered = failures.length < findings.length || failures.some(isAnswer)
  return { keyId, findings, failures, answered, ...(publicKey === undefined ? {} : { publicKey }) }
}

async function checkState(kms: KmsSession, keyId: string): Promise<Finding> {
  const check = checkOf('key state', keyId)
  const key = await describeAwsKmsKey({ ...kmsOptions(kms), keyId })
  if (key.unusable === undefined) return check.ok(`${key.state}, ${key.keySpec}, ${key.keyUsage}`)
  const remedy =
    key.state === 'Disabled'
      ? 'Enable the key, or use its successor.'
      : key.state === 'PendingDeletion'
        ? 'Cancel the deletion of the key and enable it, or use its successor.'
        : 'Use a key of spec ECC_SECG_P256K1 or ECC_NIST_P256 and usage SIGN_VERIFY.'
  return check.problem(key.unusable, remedy)
}

function stateFailed(keyId: string, thrown: unknown): Finding {
  const check = checkOf('key state', keyId)
  if (!isSignerError(thrown, 'KMS_ACCESS_DENIED')) return check.failed(thrown)
  const remedy = 'Signing works without it; grant kms:DescribeKey to have the state checked.'
  return check.warning('kms:DescribeKey is denied', remedy, thrown.code)
}

async function dryRun(kms: KmsSession, keyId: string): Promise<Finding> {
  const check = checkOf('sign permission', keyId)
  const command = {
    KeyId: keyId,
    Message: hashMessage(DRY_RUN_MESSAGE, 'SHA2_256'),
    MessageType: 'DIGEST',
    SigningAlgorithm: 'ECDSA_SHA_256',
    DryRun: true,
  } as const
  try {
    await kms.call({ keyId, operation: 'Sign' }, () => new kms.sdk.SignCommand(command))
    return check.ok('granted; the endpoint signed instead of a dry run, as emulators do')
  } catch (thrown) {
    // KMS says by an error that it would have signed.
    const wouldSign =
      isSignerError(thrown, 'KMS_REQUEST_INVALID') &&
      thrown.context.reason.startsWith('DryRunOperationException')
    if (wouldSign) return check.ok('granted')
    throw thrown
  }
}

/** Whether KMS itself said no: nothing on this side of the network, and nobody in between. */
const isAnswer = (thrown: unknown) =>
  isSignerError(thrown) &&
  !/^(KMS_(UNAVAILABLE|TIMEOUT|QUEUE_TIMEOUT|CREDENTIALS_\w+)|AWS_\w+|KEY_REGION_MISMATCH)$/.test(
    thrown.code,
  )
