/**
 * Requests as they go over the wire to a signing service, version 1, and what both sides say: JSON in
 * UTF-8, keys and signatures as hexadecimal, the message as base64, so that each transaction of Flow fits.
 * docs/signing-service.md shows it by example.
 * @module
 */

import {
  type HashAlgorithm,
  isHashAlgorithm,
  type SignatureAlgorithm,
} from '../../crypto/algorithms.ts'
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
export function shortBytes(text: unknown, maxBytes: number): Uint8Array | undefined {
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

export const withVersion = <T extends object>(fields: T): T & { readonly version: number } => ({
  version: PROTOCOL_VERSION,
  ...fields,
})

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function record(wire: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(wire)) return wire
  throw malformed('it is not an object')
}

const malformed = (reason: string) => new SignerError('SIGNING_REQUEST_MALFORMED', { reason })
