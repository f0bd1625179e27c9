/** The messages besides transactions that an account signs: user messages and account proofs. @module */

import { RLP } from '@ethereumjs/rlp'
import { SignerError } from '../errors.ts'
import { addressToBytes } from './address.ts'
import { checkedObject } from './arguments.ts'
import { withDomainTag } from './domain-tags.ts'
import { hexToBytes } from './hex.ts'

/** What an application asks a wallet to prove. `nonce`: at least 32 random bytes as hexadecimal. */
export type AccountProof = { readonly appIdentifier: string; readonly nonce: string }

/** @param content - What the user signs, without a tag. Any length. */
export function userMessage(content: Uint8Array): Uint8Array {
  return withDomainTag('user', content)
}

/**
 * @returns The tag and RLP of [app identifier, address, nonce].
 * @throws {SignerError} `INVALID_OPTION` for an empty identifier or a nonce under 32 bytes,
 * `MALFORMED_HEX`, `INVALID_ADDRESS`.
 * @see FCL `wallet-utils/encode-account-proof.ts`.
 */
export function accountProofMessage(address: string, proof: AccountProof): Uint8Array {
  const { appIdentifier, nonce } = checkedObject('proof', proof)
  if (typeof appIdentifier !== 'string' || appIdentifier === '')
    throw new SignerError('INVALID_OPTION', { option: 'appIdentifier', reason: 'it is empty' })
  const nonceBytes = hexToBytes(nonce, 'nonce')
  if (nonceBytes.length < 32)
    throw new SignerError('INVALID_OPTION', {
      option: 'nonce',
      reason: `it has ${nonceBytes.length} bytes, and needs at least 32`,
    })
  const utf8 = new TextEncoder()
  const fields = [utf8.encode(appIdentifier), addressToBytes(address), nonceBytes]
  return withDomainTag('accountProof', RLP.encode(fields))
}
