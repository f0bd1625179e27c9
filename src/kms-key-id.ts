/** The names that KMS knows a key by. @module */

import { SignerError } from './errors.ts'

const KEY_ID = /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/
/** `alias/` and 1 to 250 characters. */
export const ALIAS: RegExp = /^alias\/[A-Za-z0-9/_-]{1,250}$/
/** Any partition: aws, aws-cn, aws-us-gov and those to come. */
const ARN =
  /^arn:(?<partition>aws[a-z-]*):kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):(?<resource>.+)$/

/** A checked name of a key. */
export type KmsKeyName = {
  /** As given: key id, key ARN, alias name or alias ARN. */
  readonly keyId: string
  /** Only an ARN names its Region. */
  readonly region?: string
  /** Set when the name is a key ARN, which nobody can point elsewhere. */
  readonly keyArn?: string
}

/**
 * @param keyId - Key id, multi-Region key id, key ARN, alias name with `alias/`, or alias ARN.
 * @throws {SignerError} `INVALID_KEY_ID`. The value is not shown: it may be a private key that was
 * passed by mistake.
 */
export function parseKmsKeyId(keyId: string): KmsKeyName {
  const refuse = (reason: string) => new SignerError('INVALID_KEY_ID', { reason })
  if (typeof keyId !== 'string' || keyId === '') throw refuse('it is not a text, or empty')
  if (KEY_ID.test(keyId) || ALIAS.test(keyId)) return { keyId }
  const groups = ARN.exec(keyId)?.groups
  if (groups === undefined) throw refuse(`its ${keyId.length} characters have none of the forms`)
  const { region = '', resource = '' } = groups
  if (ALIAS.test(resource)) return { keyId, region }
  if (!resource.startsWith('key/') || !KEY_ID.test(resource.slice(4)))
    throw refuse('its ARN names neither a key nor an alias')
  return { keyId, region, keyArn: keyId }
}

/**
 * All ECC keys of an account share one quota in a Region.
 *
 * @returns `aws-kms`, the Region and the account; undefined for a name that does not tell them.
 */
export function kmsQuota(keyId: string): string | undefined {
  const groups = ARN.exec(keyId)?.groups
  return groups === undefined ? undefined : `aws-kms ${groups['region']} ${groups['account']}`
}
