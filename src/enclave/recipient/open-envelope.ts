/** Opens what KMS encrypted for this enclave, and tells nobody why when it does not open. @module */

import { constants, createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto'
import { SignerError } from '../../errors.ts'
import { secretCopy } from '../../signers/sealed-key/secret-bytes.ts'
import { readEnvelope } from './envelope.ts'

const CONTENT_KEY = 32
const BLOCK = 16

/**
 * CBC authenticates nothing: what comes out is random bytes for whoever can change the ciphertext, and the
 * seal, the context and the public key of the record say whether it is the right ones.
 *
 * @param privateKey - RSA-2048.
 * @param ciphertext - Borrowed.
 * @returns A `secretBytes` copy that the caller overwrites.
 * @throws {SignerError} `RECIPIENT_CIPHERTEXT_INVALID`, the same for each fault.
 */
export function openEnvelope(privateKey: KeyObject, ciphertext: Uint8Array): Uint8Array {
  const opened = open(privateKey, ciphertext)
  if (opened !== undefined) return opened
  throw new SignerError('RECIPIENT_CIPHERTEXT_INVALID', { byteLength: ciphertext.length })
}

function open(privateKey: KeyObject, bytes: Uint8Array): Uint8Array | undefined {
  const envelope = readEnvelope(bytes)
  if (envelope === undefined) return undefined
  const contentKey = unwrapped(privateKey, envelope.wrappedKey)
  try {
    if (contentKey.length !== CONTENT_KEY) return undefined
    return decrypted(contentKey, envelope.iv, envelope.ciphertext)
  } finally {
    contentKey.fill(0)
  }
}

/** @returns No bytes when it does not open. */
function unwrapped(privateKey: KeyObject, wrappedKey: Uint8Array): Uint8Array {
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  try {
    // OpenSSL takes the hash of OAEP for MGF1, too.
    return privateDecrypt({ key: privateKey, padding, oaepHash: 'sha256' }, wrappedKey)
  } catch {
    return new Uint8Array() // OpenSSL would say which step failed
  }
}

/** The padding is taken off here: OpenSSL would hold the last block back, and tell by an error. */
function decrypted(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false)
  const padded = decipher.update(ciphertext)
  try {
    decipher.final() // which overwrites its copy of the key
    const padding = padded.at(-1) ?? 0
    const isPadded =
      padding >= 1 && padding <= BLOCK && padded.subarray(-padding).every((b) => b === padding)
    return isPadded ? secretCopy(padded.subarray(0, padded.length - padding)) : undefined
  } finally {
    padded.fill(0)
  }
}
