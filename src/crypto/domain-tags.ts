/** The 32 bytes that Flow puts before a message, so that no signature serves two purposes. @module */

import { SignerError } from '../errors.ts'

/** @see flow-go `model/flow/constants.go` for the first two, FCL's `encode-account-proof.ts` for the third. */
export const domainTags = {
  transaction: 'FLOW-V0.0-transaction',
  user: 'FLOW-V0.0-user',
  accountProof: 'FCL-ACCOUNT-PROOF-V0.0',
} as const

/** What a signature is for. */
export type Domain = keyof typeof domainTags

const encodedTags = Object.fromEntries(
  Object.entries(domainTags).map(([domain, tag]) => [domain, encodeDomainTag(tag)]),
)

/**
 * @param tag - 1 to 32 bytes of UTF-8.
 * @returns A new array of 32 bytes, padded with zeros on the right.
 * @throws {SignerError} `INVALID_OPTION` for an empty tag or one over 32 bytes: cutting it would
 * let two purposes share a tag.
 */
export function encodeDomainTag(tag: string): Uint8Array {
  const bytes = new TextEncoder().encode(tag)
  if (bytes.length === 0 || bytes.length > 32)
    throw new SignerError('INVALID_OPTION', {
      option: 'domainTag',
      reason: `it has ${bytes.length} bytes, not 1 to 32`,
    })
  const padded = new Uint8Array(32)
  padded.set(bytes)
  return padded
}

/** @returns A new array: the 32-byte tag, then the content. */
export function withDomainTag(domain: Domain, content: Uint8Array): Uint8Array {
  const tag = encodedTags[domain] ?? encodeDomainTag(domainTags[domain])
  const message = new Uint8Array(32 + content.length)
  message.set(tag)
  message.set(content, 32)
  return message
}

/** Whether the first 32 bytes of the message are the tag of this domain. */
export function hasDomainTag(domain: Domain, message: Uint8Array): boolean {
  const tag = encodeDomainTag(domainTags[domain])
  return message.length >= 32 && tag.every((byte, index) => byte === message[index])
}
