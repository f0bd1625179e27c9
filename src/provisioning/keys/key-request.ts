/** What a new key is to be, checked before anything is created. @module */

import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { ALIAS } from '../../kms-key-id.ts'
import { invalid } from '../../options.ts'
import { keySpecs } from '../../signers/aws-kms/public-key.ts'

/** The key specs that Flow can use. */
export type KeySpec = 'ECC_SECG_P256K1' | 'ECC_NIST_P256'

/** A key to be created. */
export type KeyRequest = {
  readonly spec: KeySpec
  readonly algorithm: SignatureAlgorithm
  readonly alias?: string
  readonly description: string
  readonly tags: readonly { readonly TagKey: string; readonly TagValue: string }[]
  readonly multiRegion: boolean
}

/** The characters that AWS allows in tags. */
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const MAX_TAGS = 50
const MAX_DESCRIPTION = 8_192

/**
 * @throws {SignerError} `INVALID_OPTION` for a spec that Flow cannot use, or an alias, description
 * or tag that KMS would refuse after the key was created.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
 */
export function keyRequest(options: {
  readonly spec?: KeySpec
  readonly alias?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly description?: string
  readonly multiRegion?: boolean
}): KeyRequest {
  const { spec = 'ECC_SECG_P256K1', alias, tags = {}, description = '', multiRegion } = options
  const isKnown = typeof spec === 'string' && Object.hasOwn(keySpecs, spec)
  const algorithm = isKnown ? keySpecs[spec] : undefined
  if (algorithm === undefined)
    throw invalid('spec', 'it is neither ECC_SECG_P256K1 nor ECC_NIST_P256')
  if (alias !== undefined) assertAliasName(alias)
  if (typeof description !== 'string' || description.length > MAX_DESCRIPTION)
    throw invalid('description', `it is not a text of at most ${MAX_DESCRIPTION} characters`)
  if (multiRegion !== undefined && typeof multiRegion !== 'boolean')
    throw invalid('multiRegion', 'it is neither true nor false')
  return {
    spec,
    algorithm,
    ...(alias === undefined ? {} : { alias }),
    description,
    tags: checkedTags(tags),
    multiRegion: multiRegion ?? false,
  }
}

function assertAliasName(alias: string): void {
  if (typeof alias !== 'string' || !ALIAS.test(alias))
    throw invalid('alias', 'it is not alias/ and 1 to 250 letters, digits, slashes, _ or -')
  if (alias.startsWith('alias/aws/'))
    throw invalid('alias', 'it starts with alias/aws/, which AWS keeps for itself')
}

function checkedTags(tags: Readonly<Record<string, string>>): KeyRequest['tags'] {
  if (typeof tags !== 'object' || tags === null) throw invalid('tags', 'it is not an object')
  const entries = Object.entries(tags)
  if (entries.length > MAX_TAGS) throw invalid('tags', `there are more than ${MAX_TAGS}`)
  return entries.map(([TagKey, TagValue]) => {
    if (TagKey.length < 1 || TagKey.length > 128 || !TAG_TEXT.test(TagKey))
      throw invalid('tags', 'a key is not 1 to 128 letters, digits, spaces or _.:/=+-@')
    if (/^aws:/i.test(TagKey))
      throw invalid('tags', 'a key starts with aws:, which AWS keeps for itself')
    if (typeof TagValue !== 'string' || TagValue.length > 256 || !TAG_TEXT.test(TagValue))
      throw invalid('tags', 'a value is not at most 256 letters, digits, spaces or _.:/=+-@')
    return { TagKey, TagValue }
  })
}
