/** Everything that can be learnt of one KMS key: its facts, its names, the accounts it is on. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import type { SignerErrorCode } from '../../error-codes.ts'
import { isSignerError } from '../../errors.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../../flow/access-node.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import { createAwsKmsSigner } from '../../signers/aws-kms/aws-kms-signer.ts'
import { describeAwsKmsKey, type KmsKeyDescription } from '../../signers/aws-kms/describe-key.ts'
import { listTags, readAccountTags } from './account-tags.ts'
import { type KmsOptions, type KmsSession, kmsOptions, openKms } from './kms-session.ts'
import { findKeyUses, type KeyUse } from './uses.ts'

/** Options of `describeKey`. */
export type DescribeKeyOptions = KmsOptions & {
  /** Key id, key ARN, `alias/name` or alias ARN. */
  readonly keyId: string
  /** Where uses are verified: a REST endpoint of the chain they are on. */
  readonly accessNode?: string | AccessNodeOptions
  /** For example `flow-testnet`: refuses an access node of another chain. */
  readonly chainId?: string
  /** Accounts to look for the key on, besides those in its tags. Needs `accessNode`. */
  readonly addresses?: readonly string[]
}

/** A part of the report that could not be read, and why. */
export type UnreadPart = {
  readonly part: 'publicKey' | 'aliases' | 'tags'
  readonly code: SignerErrorCode
}

/** What is known of a key. */
export type KeyReport = KmsKeyDescription & {
  /** 128 lower-case hexadecimal digits, X‖Y. Absent when it could not be read. */
  readonly publicKey?: string
  readonly signatureAlgorithm?: SignatureAlgorithm
  /** Absent when they could not be listed. */
  readonly aliases?: readonly string[]
  /** Absent when they could not be listed. */
  readonly tags?: Readonly<Record<string, string>>
  readonly uses: readonly KeyUse[]
  readonly unread: readonly UnreadPart[]
}

/**
 * Needs `kms:DescribeKey`; `kms:GetPublicKey`, `kms:ListAliases` and `kms:ListResourceTags` for
 * the parts of their names, which are reported as unread when KMS denies them.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`, `INVALID_KEY_ID`, `KEY_NOT_FOUND`,
 * the `KMS_…` codes; `CHAIN_MISMATCH` and the `ACCESS_NODE_…` codes when an access node is given.
 */
export async function describeKey(options: DescribeKeyOptions): Promise<KeyReport> {
  assertKnownKeys(options, [
    'client',
    'limits',
    'signal',
    'keyId',
    'accessNode',
    'chainId',
    'addresses',
  ])
  const { accessNode, chainId, signal } = options
  if (options.addresses !== undefined && !Array.isArray(options.addresses))
    throw invalid('addresses', 'it is not a list')
  const addresses = (options.addresses ?? []).map(normalizeAddress)
  if (addresses.length > 0 && accessNode === undefined)
    throw invalid('addresses', 'they can be looked at only when accessNode is given')
  const node = accessNode === undefined ? undefined : connectAccessNode(accessNode)
  const kms = await openKms(options)
  if (node !== undefined && chainId !== undefined) await assertChain(node, chainId, { signal })
  const description = await describeAwsKmsKey({ ...kmsOptions(kms), keyId: options.keyId })
  const unread: UnreadPart[] = []
  const [key, aliases, tags] = await Promise.all([
    part(unread, 'publicKey', () => publicKey(kms, description.keyArn)),
    part(unread, 'aliases', () => listAliases(kms, description.keyArn)),
    part(unread, 'tags', () => listTags(kms, description.keyArn)),
  ])
  const tagged = readAccountTags(tags ?? {})
  const uses = await findKeyUses({ node, key, tagged, addresses, signal })
  return Object.freeze({
    ...description,
    ...key,
    ...(aliases === undefined ? {} : { aliases }),
    ...(tags === undefined ? {} : { tags }),
    uses,
    unread,
  })
}

async function publicKey(kms: KmsSession, keyId: string) {
  const signer = createAwsKmsSigner({ ...kms.limits, client: kms.client, keyId })
  const { signal } = kms
  const { bytes, algorithm } = await signer.publicKey(signal === undefined ? {} : { signal })
  return { publicKey: bytesToHex(bytes), signatureAlgorithm: algorithm }
}

async function listAliases(kms: KmsSession, keyId: string): Promise<readonly string[]> {
  const command = { KeyId: keyId, Limit: 100 } // a key can have 50
  const target = { keyId, operation: 'ListAliases' }
  const { Aliases = [] } = await kms.call(target, () => new kms.sdk.ListAliasesCommand(command))
  return Aliases.flatMap(({ AliasName }) => (AliasName === undefined ? [] : [AliasName])).sort()
}

/** What KMS says no to is left out and named; what did not come through is thrown. */
async function part<T>(
  unread: UnreadPart[],
  name: UnreadPart['part'],
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read()
  } catch (thrown) {
    if (!isSignerError(thrown) || thrown.disposition === 'retry') throw thrown
    unread.push({ part: name, code: thrown.code })
    return undefined
  }
}
