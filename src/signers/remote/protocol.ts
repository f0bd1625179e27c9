/**
 * What goes over the wire between a signing service and its client, version 1: JSON in UTF-8, keys and
 * signatures as hexadecimal, the message as base64, so that each transaction of Flow fits. Both sides take it from here; docs/signing-service.md shows it by example.
 * @module
 */

import {
  type HashAlgorithm,
  isHashAlgorithm,
  isSignatureAlgorithm,
  type SignatureAlgorithm,
} from '../../crypto/algorithms.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import type { Disposition } from '../../error-codes.ts'
import { SignerError } from '../../errors.ts'
import { base64ByteLength, base64ToBytes, bytesToBase64 } from './base64.ts'

export const PROTOCOL_VERSION = 1

/** Of a request's body as JSON, in bytes. */
export const MAX_REQUEST_BYTES: number = 2 * 1_048_576

/**
 * Of a message: four characters for three of its bytes, and 4,096 for the rest, make the largest
 * request. A transaction has at most 1,500,000.
 */
export const MAX_MESSAGE_BYTES: number = ((MAX_REQUEST_BYTES - 4_096) / 4) * 3

/** Of an attestation document, in bytes: what the Nitro Secure Module answers at most. */
export const MAX_DOCUMENT_BYTES = 0x3000

/** Of the nonce of an attestation, in bytes. */
export const MAX_NONCE_BYTES = 512

/**
 * Of a reply's body, in bytes: the largest document in base64, and 4,096 for the rest. One that is
 * longer is no reply of a signing service.
 */
export const MAX_REPLY_BYTES: number = (MAX_DOCUMENT_BYTES / 3) * 4 + 4_096

/** The content type of requests and replies. */
export const CONTENT_TYPE = 'application/json'

/** What a client asks. */
export type ServiceRequest =
  | {
      readonly operation: 'sign'
      /** The name that the service knows the key by: 1 to 128 letters, digits and `._:/@+-`. */
      readonly key: string
      /** The whole message with its domain tag. */
      readonly message: Uint8Array
      readonly hashAlgorithm: HashAlgorithm
      /** Opaque texts for the policy of the service: at most 16, of 1 to 4,096 characters. */
      readonly approvals?: readonly string[]
    }
  | { readonly operation: 'publicKey'; readonly key: string }
  | {
      readonly operation: 'attest'
      readonly key: string
      /** 1 to 512 bytes that nobody could know before. */
      readonly nonce: Uint8Array
    }

/** What a service answers. */
export type ServiceAnswer = {
  readonly key: string
  /** 64 bytes, X‖Y. */
  readonly publicKey: Uint8Array
  readonly signatureAlgorithm: SignatureAlgorithm
  /** 64 bytes, r‖s. Present when a signature was asked for. */
  readonly signature?: Uint8Array
  /** An attestation document about this key, COSE_Sign1. Present when one was asked for. */
  readonly document?: Uint8Array
  /** What the backend of the service calls the key, for audit. */
  readonly keyId?: string
  /** What the service's own log knows the request by. */
  readonly requestId: string
}

/** Why a service does not answer. */
export type ServiceRefusal = {
  /** Of a `SignerError`, perhaps of a later version of this package. */
  readonly code: string
  readonly disposition: Disposition
  /** A sentence with the remedy. */
  readonly message: string
  readonly reason?: string
  readonly requestId: string
}

/** Either an answer or a refusal. */
export type ServiceReply =
  | { readonly answer: ServiceAnswer; readonly refusal?: never }
  | { readonly refusal: ServiceRefusal; readonly answer?: never }

/** Plain data as it is written in JSON. */
export type WireObject = Readonly<Record<string, unknown>>

/**
 * @returns JSON text.
 * @throws {SignerError} `SIGNING_REQUEST_TOO_LARGE` for a message over `MAX_MESSAGE_BYTES`.
 */
export function encodeRequest(request: ServiceRequest): string {
  if (request.operation === 'publicKey') return JSON.stringify(withVersion(request))
  if (request.operation === 'attest')
    return JSON.stringify({ ...withVersion(request), nonce: bytesToBase64(request.nonce) })
  const { message, approvals, ...rest } = request
  assertLength(message.length, MAX_MESSAGE_BYTES)
  const others = JSON.stringify({
    ...withVersion(rest),
    ...(approvals === undefined ? {} : { approvals }),
  })
  // Base64 needs no escape, and looking for one in a million characters takes a millisecond.
  return `${others.slice(0, -1)},"message":"${bytesToBase64(message)}"}`
}

/** @throws {SignerError} `SIGNING_REQUEST_TOO_LARGE`. */
export function assertLength(byteLength: number, maxBytes: number): void {
  if (byteLength > maxBytes)
    throw new SignerError('SIGNING_REQUEST_TOO_LARGE', { byteLength, maxBytes })
}

const keysOf = {
  sign: ['version', 'operation', 'key', 'message', 'hashAlgorithm', 'approvals'],
  publicKey: ['version', 'operation', 'key'],
  attest: ['version', 'operation', 'key', 'nonce'],
} as const satisfies Record<ServiceRequest['operation'], readonly string[]>

/**
 * @param wire - What the JSON of a request says. Anything is looked at, and nothing of it is quoted.
 * @throws {SignerError} `SIGNING_REQUEST_MALFORMED` unless it is a request of version 1 and no more;
 * `SIGNING_REQUEST_TOO_LARGE` for a message over `MAX_MESSAGE_BYTES`, by whichever door.
 */
export function decodeRequest(wire: unknown): ServiceRequest {
  const { version, operation, key, ...rest } = record(wire)
  if (version !== PROTOCOL_VERSION) throw malformed(`version is not ${PROTOCOL_VERSION}`)
  if (operation !== 'sign' && operation !== 'publicKey' && operation !== 'attest')
    throw malformed('operation is none of sign, publicKey and attest')
  if (typeof key !== 'string' || !KEY_NAME.test(key)) throw malformed('key is not the name of one')
  const known: readonly string[] = keysOf[operation]
  if (!Object.keys(rest).every((name) => known.includes(name)))
    throw malformed(`it has fields other than ${known.join(', ')}`)
  if (operation === 'publicKey') return { operation, key }
  if (operation === 'attest') return { operation, key, nonce: nonceOf(rest['nonce']) }
  const { message, hashAlgorithm, approvals } = rest
  if (!isHashAlgorithm(hashAlgorithm))
    throw malformed('hashAlgorithm is neither SHA2_256 nor SHA3_256')
  const bytes = messageOf(message)
  return approvals === undefined
    ? { operation, key, message: bytes, hashAlgorithm }
    : { operation, key, message: bytes, hashAlgorithm, approvals: approvalsOf(approvals) }
}

/** Of keys: what a policy, a log and a path of IAM can all hold. */
export const KEY_NAME: RegExp = /^[\w.:/@+-]{1,128}$/

function messageOf(message: unknown): Uint8Array {
  if (typeof message !== 'string') throw malformed('message is not a text')
  assertLength(base64ByteLength(message), MAX_MESSAGE_BYTES)
  const bytes = base64ToBytes(message)
  if (bytes === undefined) throw malformed('message is not base64 in its one form, padded')
  return bytes
}

function nonceOf(nonce: unknown): Uint8Array {
  const bytes = shortBytes(nonce, MAX_NONCE_BYTES)
  if (bytes === undefined) throw malformed(`nonce is not 1 to ${MAX_NONCE_BYTES} bytes in base64`)
  return bytes
}

/** @returns What the base64 says, or `undefined` for none, nothing or more than `maxBytes`. */
function shortBytes(text: unknown, maxBytes: number): Uint8Array | undefined {
  if (typeof text !== 'string' || text === '' || base64ByteLength(text) > maxBytes) return undefined
  return base64ToBytes(text)
}

function approvalsOf(approvals: unknown): readonly string[] {
  const isApproval = (one: unknown): one is string =>
    typeof one === 'string' && one.length > 0 && one.length <= 4_096
  if (Array.isArray(approvals) && approvals.length <= 16 && approvals.every(isApproval))
    return Object.freeze([...approvals])
  throw malformed('approvals are not at most 16 texts of 1 to 4096 characters')
}

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

const withVersion = <T extends object>(fields: T) => ({ version: PROTOCOL_VERSION, ...fields })

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function record(wire: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(wire)) return wire
  throw malformed('it is not an object')
}

const malformed = (reason: string) => new SignerError('SIGNING_REQUEST_MALFORMED', { reason })

const malformedReply = (reason: string) => new SignerError('SIGNING_REPLY_MALFORMED', { reason })
