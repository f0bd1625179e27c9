/**
 * The signature of one request: HMAC-SHA256 over method, path with query, body, time and a nonce.
 *
 * It refuses a request that was changed under way, is old, or comes twice. The key is derived from
 * the token, which travels along: whoever reads whole requests can sign others, so TLS still has to
 * keep them secret. @module
 */

import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { AdminError } from '../errors.ts'
import { sameDigest, sha256Hex } from './digest.ts'

/** Seconds by which the clocks of caller and server may differ. */
export const SIGNATURE_WINDOW_SECONDS = 300

/** What is signed. */
export type SignedRequest = {
  /** Upper-case, such as `POST`. */
  readonly method: string
  /** Path with query, exactly as on the request line. */
  readonly target: string
  /** As sent; absent or empty where there is none. Neither modified nor retained. */
  readonly body?: string | Uint8Array
}

/** The headers that carry it, as a client sends them. */
export type SignatureHeaders = {
  readonly 'X-Request-Timestamp': string
  readonly 'X-Request-Nonce': string
  readonly 'X-Request-Signature': string
}

/** The values of each header as they came in; a right request has one of each. */
export type SignatureValues = {
  readonly timestamp: readonly string[]
  readonly nonce: readonly string[]
  readonly signature: readonly string[]
}

const timestampPattern = /^[1-9][0-9]{9}$/
const noncePattern = /^[A-Za-z0-9_-]{16,64}$/
const signaturePattern = /^v1=[0-9a-f]{64}$/

/**
 * @param token - `fka_…`, whole; its ASCII bytes are the input keying material.
 * @returns 32 bytes: HKDF-SHA256 without salt, info `fcl-kms admin request signature`.
 * @see RFC 5869.
 */
export const signatureKeyOf = (token: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', token, '', 'fcl-kms admin request signature', 32))

/**
 * Signs a request for a client.
 *
 * @param options - `now` in milliseconds since 1970; `nonce` of 16 to 64 base64url characters, by
 *   default 24 random ones.
 */
export function signRequest(
  token: string,
  request: SignedRequest,
  options: { readonly now?: number; readonly nonce?: string } = {},
): SignatureHeaders {
  const timestamp = String(Math.floor((options.now ?? Date.now()) / 1_000))
  const nonce = options.nonce ?? randomBytes(18).toString('base64url')
  const mac = macOf(signatureKeyOf(token), request, timestamp, nonce)
  return {
    'X-Request-Timestamp': timestamp,
    'X-Request-Nonce': nonce,
    'X-Request-Signature': `v1=${mac.toString('hex')}`,
  }
}

/** Whether any of the headers came along. */
export const isSigned = ({ timestamp, nonce, signature }: SignatureValues): boolean =>
  timestamp.length + nonce.length + signature.length > 0

/**
 * Checks form, time and signature; that the nonce is new is for the caller to see to.
 *
 * @param key - 32 bytes; see `signatureKeyOf`.
 * @param now - Milliseconds since 1970.
 * @returns The nonce.
 * @throws {AdminError} `SIGNATURE_REFUSED`; the reason is the `cause`, for the log only.
 */
export function checkSignature(
  key: Uint8Array,
  request: SignedRequest,
  values: SignatureValues,
  now: number,
): string {
  const timestamp = only(values.timestamp, timestampPattern, 'timestamp')
  const nonce = only(values.nonce, noncePattern, 'nonce')
  const signature = only(values.signature, signaturePattern, 'signature')
  if (Math.abs(now / 1_000 - Number(timestamp)) > SIGNATURE_WINDOW_SECONDS)
    throw signatureRefused('the time is outside the window')
  const mac = macOf(key, request, timestamp, nonce)
  if (!sameDigest(mac, Buffer.from(signature.slice(3), 'hex')))
    throw signatureRefused('the signature is of another request or key')
  return nonce
}

/** @param reason - For the log; the caller only hears that it was refused. */
export const signatureRefused = (reason: string): AdminError =>
  new AdminError('SIGNATURE_REFUSED', {}, new Error(reason))

function only(values: readonly string[], pattern: RegExp, what: string): string {
  const [value, ...more] = values
  if (value === undefined || more.length > 0 || !pattern.test(value))
    throw signatureRefused(`not exactly one well-formed ${what}`)
  return value
}

// No part can hold a line break: HTTP allows none in a method or a target, the patterns none in theirs.
function macOf(key: Uint8Array, request: SignedRequest, timestamp: string, nonce: string): Buffer {
  const { method, target, body = '' } = request
  const text = ['v1', method, target, sha256Hex(body), timestamp, nonce].join('\n')
  return createHmac('sha256', key).update(text).digest()
}
