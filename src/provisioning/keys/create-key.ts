/** A new signing key in AWS KMS. @module */

import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import { doubling, retrying } from '../../retry.ts'
import { createAwsKmsSigner } from '../../signers/aws-kms/aws-kms-signer.ts'
import { describeAwsKmsKey } from '../../signers/aws-kms/describe-key.ts'
import { codeOf } from '../options.ts'
import { sendCreateKey } from './create-once.ts'
import { type KeyRequest, type KeySpec, keyRequest } from './key-request.ts'
import { type KmsOptions, type KmsSession, kmsOptions, openKms } from './kms-session.ts'

/** Options of `createKey`. */
export type CreateKeyOptions = KmsOptions & {
  /** Default `ECC_SECG_P256K1`. */
  readonly spec?: KeySpec
  /** `alias/` and a name that is free. */
  readonly alias?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly description?: string
  /** Lets replicas be made in other Regions, now or later. Cannot be changed. Default false. */
  readonly multiRegion?: boolean
}

/** A key that exists, and can be put on an account. */
export type CreatedKey = {
  readonly keyId: string
  readonly keyArn: string
  readonly alias?: string
  readonly keySpec: KeySpec
  readonly multiRegion: boolean
  /** 128 lower-case hexadecimal digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
}

/**
 * Not idempotent: each call makes a key, at $1 a month. Needs `kms:CreateKey`; with an alias
 * `kms:DescribeKey` and `kms:CreateAlias`; with tags `kms:TagResource`; then `kms:GetPublicKey`.
 *
 * @throws {SignerError} `INVALID_OPTION` (also for an alias that is taken) and the `KMS_…` codes,
 * before a key exists; `KMS_TIMEOUT` and `KMS_UNAVAILABLE` when it is not known whether one does:
 * look for it before trying again. `KEY_CREATION_INCOMPLETE` names the key that exists and the
 * step that failed.
 */
export async function createKey(options: CreateKeyOptions): Promise<CreatedKey> {
  assertKnownKeys(options, [
    'client',
    'limits',
    'signal',
    'spec',
    'alias',
    'tags',
    'description',
    'multiRegion',
  ])
  const request = keyRequest(options)
  const kms = await openKms(options)
  kms.signal?.throwIfAborted()
  if (request.alias !== undefined && (await aliasTarget(kms, request.alias)) !== undefined)
    throw invalid('alias', 'it already names a key')
  const keyArn = await create(kms, request)
  const { alias, spec } = request
  if (alias !== undefined)
    await step(kms, keyArn, 'CreateAlias', () => createAlias(kms, alias, keyArn))
  const signer = createAwsKmsSigner({ ...kms.limits, client: kms.client, keyId: keyArn })
  const { bytes, algorithm } = await step(kms, keyArn, 'GetPublicKey', async () => {
    const key = await signer.publicKey(kms.signal === undefined ? {} : { signal: kms.signal })
    if (key.algorithm === request.algorithm) return key
    throw new SignerError('KMS_REPLY_MISMATCH', { keyId: keyArn, field: 'KeySpec' })
  })
  return Object.freeze({
    keyId: keyArn.replace(/^.*key\//, ''),
    keyArn,
    ...(alias === undefined ? {} : { alias }),
    keySpec: spec,
    multiRegion: request.multiRegion,
    publicKey: bytesToHex(bytes),
    signatureAlgorithm: algorithm,
  })
}

async function create(kms: KmsSession, request: KeyRequest): Promise<string> {
  const { spec, description, tags, multiRegion, alias } = request
  const label = alias ?? 'the new key'
  const command = {
    KeySpec: spec,
    KeyUsage: 'SIGN_VERIFY' as const,
    MultiRegion: multiRegion,
    ...(description === '' ? {} : { Description: description }),
    ...(tags.length === 0 ? {} : { Tags: [...tags] }),
  }
  const { KeyMetadata } = await sendCreateKey(kms, command, label)
  const { Arn } = KeyMetadata ?? {}
  if (Arn === undefined || !/^arn:[^:]+:kms:.+:key\/.+$/.test(Arn))
    throw new SignerError('KMS_REPLY_MISMATCH', { keyId: label, field: 'KeyMetadata.Arn' })
  return Arn
}

/** Anything that fails from here on must tell which key exists. */
async function step<T>(
  { limits, signal }: KmsSession,
  keyArn: string,
  name: string,
  run: () => Promise<T>,
): Promise<T> {
  // A key made a moment ago may not be seen everywhere yet.
  const pauseMs = (thrown: unknown, attempts: number) =>
    isSignerError(thrown, 'KEY_NOT_FOUND') ? doubling(200, 2_000, attempts) : undefined
  const { totalTimeoutMs } = limits
  try {
    return await retrying({ totalTimeoutMs, signal, pauseMs, finalError: (thrown) => thrown }, run)
  } catch (cause) {
    const context = { keyArn, step: `${name}: ${codeOf(cause)}` }
    throw new SignerError('KEY_CREATION_INCOMPLETE', context, { cause })
  }
}

async function createAlias(kms: KmsSession, alias: string, keyArn: string): Promise<void> {
  const { CreateAliasCommand } = kms.sdk
  const command = { AliasName: alias, TargetKeyId: keyArn.replace(/^.*key\//, '') }
  try {
    await kms.call(
      { keyId: alias, operation: 'CreateAlias' },
      () => new CreateAliasCommand(command),
    )
  } catch (thrown) {
    // A retry is refused when the first request was taken and its answer lost.
    const taken = isSignerError(thrown, 'KMS_REQUEST_INVALID')
    if (!taken || (await aliasTarget(kms, alias)) !== keyArn) throw thrown
  }
}

/** @returns The ARN of the key that the alias names, if there is one. */
async function aliasTarget(kms: KmsSession, alias: string): Promise<string | undefined> {
  try {
    return (await describeAwsKmsKey({ ...kmsOptions(kms), keyId: alias })).keyArn
  } catch (thrown) {
    if (isSignerError(thrown, 'KEY_NOT_FOUND')) return undefined
    throw thrown
  }
}
