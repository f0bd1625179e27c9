/** Which key an ARN names: replicas of a multi-Region key are one key, since they sign alike. @module */

import { SignerError } from '../errors.ts'
import { parseKmsKeyId } from '../kms-key-id.ts'

const KEY_ARN =
  /^arn:(?<partition>aws[a-z-]*):kms:(?<region>[a-z0-9-]+):(?<account>\d{12}):key\/(?<id>[0-9a-z-]{1,64})$/

/**
 * @returns The same text for every ARN of one key, in whatever Region; `undefined` for what is no ARN
 *   of a key.
 */
export function keyIdentity(arn: unknown): string | undefined {
  const groups = typeof arn === 'string' ? KEY_ARN.exec(arn)?.groups : undefined
  if (groups === undefined) return undefined
  const { partition, region, account, id = '' } = groups
  return `${partition} ${id.startsWith('mrk-') ? '*' : region} ${account} ${id}`
}

/**
 * The keys that are watched, by identity.
 *
 * @throws {SignerError} `INVALID_OPTION` unless each is the ARN of a key: an alias may have pointed
 *   elsewhere when a signature was made.
 */
export function watchedKeys(keys: readonly string[]): ReadonlyMap<string, string> {
  const invalid = (reason: string) => new SignerError('INVALID_OPTION', { option: 'keys', reason })
  if (!Array.isArray(keys) || keys.length === 0) throw invalid('it names no key')
  return new Map(
    keys.map((key) => {
      const identity = parseKmsKeyId(key).keyArn === undefined ? undefined : keyIdentity(key)
      if (identity === undefined) throw invalid('one of them is not the ARN of a key')
      return [identity, key]
    }),
  )
}

/** The ARN of a key that an event names by its id alone. */
export function keyArnOf(id: string, region: string, account: string): string | undefined {
  const partition = /^(cn|us-gov|us-iso[a-z]?|eu-isoe)-/.exec(region)?.[1]
  const suffix = partition === undefined ? '' : `-${partition}`
  const arn = `arn:aws${suffix}:kms:${region}:${account}:key/${id}`
  return keyIdentity(arn) === undefined ? undefined : arn
}
