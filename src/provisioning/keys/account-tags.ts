/** Tags on a KMS key that say which accounts it was put on: a hint, believed only by the chain. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import type { KmsSession } from './kms-session.ts'

/** One key of an account, as a tag remembers it. */
export type TaggedUse = {
  readonly chainId: string
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  readonly keyIndex: number
  readonly weight: number
}

const TAG_KEY = /^fcl-kms:account:(?<chainId>flow-[a-z0-9-]{1,40}):(?<address>0x[0-9a-f]{16})$/
const ENTRY = /^index=(?<index>\d{1,10}) weight=(?<weight>\d{1,4})$/
const MAX_VALUE = 256

/**
 * Key `fcl-kms:account:<chain id>:<address>`, value `index=0 weight=500 / index=1 weight=0`: AWS
 * allows no semicolon. What does not fit in 256 characters is left out, and found on the chain.
 */
export function accountTag(
  chainId: string,
  address: string,
  keys: readonly { readonly keyIndex: number; readonly weight: number }[],
): { readonly TagKey: string; readonly TagValue: string } {
  let TagValue = ''
  for (const { keyIndex, weight } of keys) {
    const longer = `${TagValue}${TagValue === '' ? '' : ' / '}index=${keyIndex} weight=${weight}`
    if (longer.length > MAX_VALUE) break
    TagValue = longer
  }
  return { TagKey: `fcl-kms:account:${chainId}:${normalizeAddress(address)}`, TagValue }
}

/** @returns What the tags remember; tags of another form are passed over. */
export function readAccountTags(tags: Readonly<Record<string, string>>): readonly TaggedUse[] {
  return Object.entries(tags).flatMap(([name, value]) => {
    const { chainId, address } = TAG_KEY.exec(name)?.groups ?? {}
    if (chainId === undefined || address === undefined) return []
    return value.split(' / ').flatMap((entry) => {
      const { index, weight } = ENTRY.exec(entry)?.groups ?? {}
      if (index === undefined || weight === undefined) return []
      return [{ chainId, address, keyIndex: Number(index), weight: Number(weight) }]
    })
  })
}

/**
 * Needs `kms:ListResourceTags`.
 *
 * @param keyId - Key id or key ARN; KMS takes no alias here.
 * @throws {SignerError} The `KMS_…` codes.
 */
export async function listTags(
  kms: KmsSession,
  keyId: string,
): Promise<Readonly<Record<string, string>>> {
  const command = { KeyId: keyId, Limit: 50 } // as many as a key can have
  const target = { keyId, operation: 'ListResourceTags' }
  const { Tags = [] } = await kms.call(target, () => new kms.sdk.ListResourceTagsCommand(command))
  return Object.freeze(
    Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [TagKey ?? '', TagValue ?? ''])),
  )
}

/**
 * Needs `kms:TagResource`. Writing the same tag again changes nothing.
 *
 * @param keyId - Key id or key ARN.
 * @throws {SignerError} The `KMS_…` codes.
 */
export async function writeTag(
  kms: KmsSession,
  keyId: string,
  tag: { readonly TagKey: string; readonly TagValue: string },
): Promise<void> {
  const target = { keyId, operation: 'TagResource' }
  await kms.call(target, () => new kms.sdk.TagResourceCommand({ KeyId: keyId, Tags: [tag] }))
}
