/** What an attestation document says of a key, as its user data: JSON in one form, so that two readers never differ. @module */

import { isSignatureAlgorithm, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { equalBytes } from '../../crypto/bytes.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { KEY_NAME } from './protocol.ts'

/** A key that an enclave has signed with. */
export type AttestedKey = {
  readonly key: string
  /** 64 bytes, X‖Y. */
  readonly publicKey: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
}

/** @returns `{"key":…,"publicKey":…,"signatureAlgorithm":…}` in UTF-8, at most 400 bytes. */
export function encodeAttestedKey(attested: AttestedKey): Uint8Array {
  const { key, publicKey, signatureAlgorithm } = attested
  const fields = { key, publicKey: bytesToHex(publicKey), signatureAlgorithm }
  return new TextEncoder().encode(JSON.stringify(fields))
}

/** @returns The key, or `undefined` unless these are the bytes that `encodeAttestedKey` writes of it. */
export function decodeAttestedKey(userData: Uint8Array): AttestedKey | undefined {
  const { key, publicKey, signatureAlgorithm } = fieldsOf(userData)
  if (typeof key !== 'string' || !KEY_NAME.test(key)) return undefined
  if (typeof publicKey !== 'string' || !/^[0-9a-f]{128}$/.test(publicKey)) return undefined
  if (!isSignatureAlgorithm(signatureAlgorithm)) return undefined
  const attested = { key, publicKey: hexToBytes(publicKey, 'publicKey'), signatureAlgorithm }
  return equalBytes(encodeAttestedKey(attested), userData) ? attested : undefined
}

function fieldsOf(userData: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(userData))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
