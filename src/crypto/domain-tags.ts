/** The 32 bytes that Flow puts before a message, so that no signature serves two purposes. @module */

import { SignerError } from '../errors.ts'
import { checkedBytesOf } from './arguments.ts'

/** @see flow-go `model/flow/constants.go` for the first two, FCL's `encode-account-proof.ts` for the third. */
export const domainTags = {
  transaction: 'FLOW-V0.0-transaction',
  user: 'FLOW-V0.0-user',
  accountProof: 'FCL-ACCOUNT-PROOF-V0.0',
} as const

/** What a signature is for. */
export type Domain = keyof typeof domainTags

const encodedTags: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(domainTags).map(([domain, tag]) => [domain, encodeDomainTag(tag)]),
)

/**
 * @param tag - 1 to 32 bytes of UTF-8.
 * @returns A new array of 32 bytes, padded with zeros on the right.
 * @throws {SignerError} `INVALID_OPTION` for an empty tag or one over 32 bytes: cutting it would
 * let two purposes share a tag.
 */
export function encodeDomainTag(tag: string): Uint8Array {
  const bytes = typeof tag === 'string' ? new TextEncoder().encode(tag) : new Uint8Array()
  if (bytes.length === 0 || bytes.length > 32)
    throw new SignerError('INVALID_OPTION', {
      option: 'domainTag',
      reason: `it has ${bytes.length} bytes, not 1 to 32`,
    })
  const padded = new Uint8Array(32)
  padded.set(bytes)
  return padded
}

function tagOf(domain: Domain): Uint8Array {
  const tag = typeof domain === 'string' ? encodedTags.get(domain) : undefined
  if (tag !== undefined) return tag
  const reason = `it is not one of ${Object.keys(domainTags).join(', ')}`
  throw new SignerError('INVALID_OPTION', { option: 'domain', reason })
}

/** @returns A new array: the 32-byte tag, then the content. */
export function withDomainTag(domain: Domain, content: Uint8Array): Uint8Array {
  const tag = tagOf(domain)
  const message = new Uint8Array(32 + checkedBytesOf('content', content).length)
  message.set(tag)
  message.set(content, 32)
  return message
}

/** Whether the first 32 bytes of the message are the tag of this domain. */
export function hasDomainTag(domain: Domain, message: Uint8Array): boolean {
  const tag = tagOf(domain)
  return (
    checkedBytesOf('message', message).length >= 32 &&
    tag.every((byte, index) => byte === message[index])
  )
}
