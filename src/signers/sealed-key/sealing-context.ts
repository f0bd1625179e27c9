/** What a sealed key is bound to besides its wallet: told to KMS, and authenticated with the seal. @module */

import { createHash } from 'node:crypto'
import { invalid } from '../../options.ts'

/** Names and values that bind records to where they may be opened. */
export type SealingContext = Readonly<Record<string, string>>

/** A context that was checked. */
export type BoundContext = {
  /** Stands in CloudTrail with each call, and in `kms:EncryptionContext:…` of policies. */
  readonly pairs: SealingContext
  /** Stands behind the header in what the seal authenticates: 32 bytes, or none without a context. */
  readonly digest: Uint8Array
}

const TAKEN = ['fcl-kms', 'wallet', '__proto__']
/** What a condition key of IAM can name. */
const NAME = /^[A-Za-z0-9._:/@+=-]{1,80}$/
const VALUE = /^[\x20-\x7e]{1,256}$/
const MOST = 8

/**
 * @returns A copy.
 * @throws {SignerError} `INVALID_OPTION`. No value is shown.
 */
export function boundContext(context: SealingContext = {}): BoundContext {
  if (typeof context !== 'object' || context === null || Array.isArray(context))
    throw invalid('context', 'it is not an object of texts')
  // A Map, or a symbol, has no names that are seen: records would be bound to nothing.
  const prototype = Object.getPrototypeOf(context)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (!isPlain || Reflect.ownKeys(context).length !== Object.keys(context).length)
    throw invalid('context', 'it is not a plain object of texts')
  const entries = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1))
  if (entries.length > MOST) throw invalid('context', `it has more than ${MOST} entries`)
  for (const [name, value] of entries) {
    if (!NAME.test(name) || name.startsWith('aws:') || TAKEN.includes(name))
      throw invalid(
        'context',
        'a name is not 1 to 80 letters, digits and . _ : / @ + = -, or is one of fcl-kms, wallet, aws:…',
      )
    if (typeof value !== 'string' || !VALUE.test(value))
      throw invalid('context', `${name} is not 1 to 256 printable characters of ASCII`)
  }
  const digest = createHash('sha256').update(JSON.stringify(entries)).digest()
  return Object.freeze({
    pairs: Object.freeze(Object.fromEntries(entries)),
    digest: entries.length === 0 ? new Uint8Array() : new Uint8Array(digest),
  })
}
