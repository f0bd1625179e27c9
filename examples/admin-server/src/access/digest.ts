/** SHA-256, and comparisons that take as long whether they succeed or not. @module */

import { hash, timingSafeEqual } from 'node:crypto'

const BYTES = 32

/** @returns A new array of 32 bytes. Text is taken as UTF-8. */
export const sha256 = (data: string | Uint8Array): Uint8Array => hash('sha256', data, 'buffer')

/** @returns 64 lower-case digits. Text is taken as UTF-8. */
export const sha256Hex = (data: string | Uint8Array): string => hash('sha256', data, 'hex')

/**
 * Compares digests of 32 bytes in constant time. Anything of another length is never the same: a
 * digest has one length, so that tells nothing of a secret.
 */
export const sameDigest = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === BYTES && right.length === BYTES && timingSafeEqual(left, right)

/** Compares texts of any length by their digests: neither length nor a common start shows in time. */
export const sameSecret = (left: string, right: string): boolean =>
  sameDigest(sha256(left), sha256(right))
