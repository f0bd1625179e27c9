/** Replies of a signing service, of version 1, as they go over the wire. @module */

import { isSignatureAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import type { Disposition } from '../../error-codes.ts'
import { SignerError } from '../../errors.ts'
import { bytesToBase64 } from './base64.ts'
import {
  isRecord,
  KEY_NAME,
  MAX_DOCUMENT_BYTES,
  PROTOCOL_VERSION,
  type ServiceAnswer,
  type ServiceRefusal,
  type ServiceReply,
  shortBytes,
  type WireObject,
  withVersion,
} from './protocol.ts'

/** @returns Plain data, to be written as JSON. */
export function encodeAnswer(answer: ServiceAnswer): WireObject {
  const { publicKey, signature, document, keyId, ...rest } = answer
  return {
    ...withVersion(rest),
    ...(keyId === undefined ? {} : { keyId: shown(keyId, MAX_KEY_ID_LENGTH) }),
    publicKey: bytesToHex(publicKey),
    ...(signature === undefined ? {} : { signature: bytesToHex(signature) }),
    ...(document === undefined ? {} : { document: bytesToBase64(document) }),
  }
}

/** @returns Plain data, to be written as JSON. */
export function encodeRefusal({ requestId, reason, ...rest }: ServiceRefusal): WireObject {
  const error = reason === undefined ? rest : { ...rest, reason: shown(reason, MAX_REASON_LENGTH) }
  return { version: PROTOCOL_VERSION, error, requestId }
}

const MAX_KEY_ID_LENGTH = 2_048
const MAX_REASON_LENGTH = 1_024

/** A policy or a signer of the user's own may say anything; no text may make a reply that is none. */
const shown = (text: string, maxLength: number): string =>
  text.replace(/\p{Cc}+/gu, ' ').slice(0, maxLength) || '-'

/**
 * Fields that are unknown are passed over, so that a service may tell more.
 *
 * @param wire - What the JSON of a reply says.
 * @throws {SignerError} `SIGNING_REPLY_MALFORMED` unless it is an answer or a refusal of version 1.
 * Whether it is about what was asked, and whether the signature is one, is not looked at.
 */
export function decodeReply(wire: unknown): ServiceReply {
  const { version, requestId, error, ...rest } = isRecord(wire) ? wire : {}
  if (version !== PROTOCOL_VERSION) throw malformedReply(`version is not ${PROTOCOL_VERSION}`)
  if (!isPrintable(requestId, 128)) throw malformedReply('requestId is not a printable text')
  if (error !== undefined) return { refusal: { ...decodeError(error), requestId } }
  const { key, publicKey, signatureAlgorithm, signature, document, keyId } = rest
  if (typeof key !== 'string' || !KEY_NAME.test(key))
    throw malformedReply('key is not the name of one')
  if (!isSignatureAlgorithm(signatureAlgorithm))
    throw malformedReply('signatureAlgorithm is neither ECDSA_P256 nor ECDSA_secp256k1')
  if (keyId !== undefined && !isPrintable(keyId, MAX_KEY_ID_LENGTH))
    throw malformedReply('keyId is not a printable text')
  return {
    answer: {
      key,
      publicKey: sixtyFour('publicKey', publicKey),
      signatureAlgorithm,
      ...(signature === undefined ? {} : { signature: sixtyFour('signature', signature) }),
      ...(document === undefined ? {} : { document: documentOf(document) }),
      ...(keyId === undefined ? {} : { keyId }),
      requestId,
    },
  }
}

function decodeError(error: unknown): Omit<ServiceRefusal, 'requestId'> {
  const { code, disposition, message, reason } = isRecord(error) ? error : {}
  if (typeof code !== 'string' || !/^[A-Z][A-Z0-9_]{0,63}$/.test(code))
    throw malformedReply('error.code is not a code')
  if (!isDisposition(disposition)) throw malformedReply('error.disposition is unknown')
  if (!isPrintable(message, 2_048)) throw malformedReply('error.message is not a printable text')
  if (reason !== undefined && !isPrintable(reason, MAX_REASON_LENGTH))
    throw malformedReply('error.reason is not a printable text')
  return { code, disposition, message, ...(reason === undefined ? {} : { reason }) }
}

function sixtyFour(field: string, value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^[0-9a-f]{128}$/.test(value))
    throw malformedReply(`${field} is not 128 lower-case hexadecimal digits`)
  return hexToBytes(value, field)
}

function documentOf(document: unknown): Uint8Array {
  const bytes = shortBytes(document, MAX_DOCUMENT_BYTES)
  if (bytes !== undefined) return bytes
  throw malformedReply(`document is not 1 to ${MAX_DOCUMENT_BYTES} bytes in base64`)
}

const isDisposition = (value: unknown): value is Disposition =>
  value === 'retry' || value === 'hold' || value === 'fail' || value === 'refuse'

const isPrintable = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' && value.length <= maxLength && /^[^\p{Cc}]+$/u.test(value)

const malformedReply = (reason: string) => new SignerError('SIGNING_REPLY_MALFORMED', { reason })
