/** What KMS says of a key, for people who set one up or ask why it does not sign. @module */

import type { KMSClient, KMSClientConfig } from '@aws-sdk/client-kms'
import { parseKmsKeyId } from '../../kms-key-id.ts'
import { assertKnownKeys, assertSignal } from '../../options.ts'
import { callKms } from './call.ts'
import { assertKms, kmsClient, loadAwsKms } from './client.ts'
import { type KmsLimits, kmsLimits } from './limits.ts'
import { keySpecs } from './public-key.ts'

/** The facts of a key that decide whether it can sign for a Flow account. */
export type KmsKeyDescription = {
  readonly keyArn: string
  /** As KMS names it, for example `ECC_SECG_P256K1`. */
  readonly keySpec: string
  readonly keyUsage: string
  /** As KMS names it, for example `Enabled` or `PendingDeletion`. */
  readonly state: string
  readonly multiRegion: boolean
  /** Of a multi-Region key: every Region in which a replica signs, as KMS tells them. */
  readonly regions?: readonly string[]
  readonly description: string
  /** ISO 8601, in UTC; absent when KMS did not tell. */
  readonly createdAt?: string
  /** Why the key cannot sign for a Flow account; absent when nothing speaks against it. */
  readonly unusable?: string
}

/**
 * Needs `kms:DescribeKey`.
 *
 * @throws {SignerError} `INVALID_KEY_ID`, `KEY_NOT_FOUND`, `KMS_ACCESS_DENIED` and the other
 * `KMS_…` codes. A key that cannot sign is described, not thrown.
 */
export async function describeAwsKmsKey(options: {
  readonly client: KMSClient | KMSClientConfig
  readonly keyId: string
  readonly limits?: Partial<KmsLimits>
  readonly signal?: AbortSignal
}): Promise<KmsKeyDescription> {
  assertKnownKeys(options, ['client', 'keyId', 'limits', 'signal'])
  assertKms(options.client)
  assertSignal(options.signal)
  const limits = kmsLimits(options.limits ?? {})
  const { keyId } = parseKmsKeyId(options.keyId)
  const client = await kmsClient(options.client, limits)
  const { DescribeKeyCommand } = await loadAwsKms()
  const { reply } = await callKms({
    client,
    limits,
    keyId,
    operation: 'DescribeKey',
    command: () => new DescribeKeyCommand({ KeyId: keyId }),
    signal: options.signal,
  })
  const { MultiRegionConfiguration: copies } = reply.KeyMetadata ?? {}
  const regions = [copies?.PrimaryKey, ...(copies?.ReplicaKeys ?? [])].flatMap(
    (copy) => copy?.Region ?? [],
  )
  const { Arn, KeySpec, KeyUsage, KeyState, MultiRegion, Description, CreationDate } =
    reply.KeyMetadata ?? {}
  const facts = {
    keyArn: Arn ?? '',
    keySpec: KeySpec ?? 'unknown',
    keyUsage: KeyUsage ?? 'unknown',
    state: KeyState ?? 'unknown',
    multiRegion: MultiRegion ?? false,
    ...(regions.length === 0 ? {} : { regions: Object.freeze(regions) }),
    description: Description ?? '',
    ...(isDate(CreationDate) ? { createdAt: CreationDate.toISOString() } : {}),
  }
  const unusable = whyUnusable(facts)
  return Object.freeze(unusable === undefined ? facts : { ...facts, unusable })
}

/** One that can be: a reply may hold anything. */
const isDate = (value: unknown): value is Date =>
  value instanceof Date && !Number.isNaN(value.getTime())

function whyUnusable(key: { keySpec: string; keyUsage: string; state: string }) {
  if (!Object.hasOwn(keySpecs, key.keySpec))
    return `its spec is ${key.keySpec}; Flow needs ECC_SECG_P256K1 or ECC_NIST_P256`
  if (key.keyUsage !== 'SIGN_VERIFY') return `its usage is ${key.keyUsage}, not SIGN_VERIFY`
  return key.state === 'Enabled' ? undefined : `its state is ${key.state}, not Enabled`
}
