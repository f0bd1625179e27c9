/** AES-256-GCM under a key of its own for each record, with a commitment to that key. @module */

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { COMMITMENT_BYTES, createCutter, IV_BYTES, SCALAR_BYTES, TAG_BYTES } from './record.ts'
import { secretBytes } from './secret-bytes.ts'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const HASH_BYTES = 32
const LABEL = 'fcl-kms sealed key 1'

/** AES-256-GCM, its parts apart. */
export type GcmParts = {
  /** 32 bytes. */
  readonly key: Uint8Array
  /** 12 bytes. */
  readonly iv: Uint8Array
  readonly additionalData: Uint8Array
  readonly ciphertext: Uint8Array
  /** 16 bytes. */
  readonly tag: Uint8Array
}

/**
 * node:crypto by itself takes tags of 4 bytes and ivs of any length; here they have one length each.
 *
 * @returns A new array, which the caller overwrites; undefined when it does not open.
 */
export function openGcm(parts: GcmParts): Uint8Array | undefined {
  const { key, iv, additionalData, ciphertext, tag } = parts
  const lengths: readonly (readonly [Uint8Array, number])[] = [
    [key, KEY_BYTES],
    [iv, IV_BYTES],
    [tag, TAG_BYTES],
  ]
  if (lengths.some(([bytes, length]) => bytes.length !== length)) return undefined
  const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
  decipher.setAAD(additionalData)
  decipher.setAuthTag(tag)
  const plaintext = decipher.update(ciphertext)
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0) // not authenticated
    return undefined
  }
}

/** What is authenticated with a private key, and not in its record. */
export type Unwritten = {
  /** Of `boundContext`; none by default. */
  readonly context?: Uint8Array
}

/**
 * @param dataKey - 32 bytes, used for this one record. Borrowed.
 * @param header - Authenticated with it. Borrowed.
 * @param scalar - 32 bytes. Borrowed.
 * @param more - An iv of 12 bytes: random unless a test vector has its own.
 * @returns The whole record.
 */
export function sealScalar(
  dataKey: Uint8Array,
  header: Uint8Array,
  scalar: Uint8Array,
  more: Unwritten & { readonly iv?: Uint8Array } = {},
): Uint8Array {
  const { iv = randomBytes(IV_BYTES), context } = more
  const authenticated = authenticatedOf(header, context)
  const { key, commitment, wipe } = derive(dataKey, authenticated)
  try {
    const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
    cipher.setAAD(authenticated)
    const ciphertext = Buffer.concat([cipher.update(scalar), cipher.final()])
    return new Uint8Array(Buffer.concat([header, commitment, iv, ciphertext, cipher.getAuthTag()]))
  } finally {
    wipe()
  }
}

/**
 * @param dataKey - 32 bytes. Borrowed.
 * @param body - What stands behind the header. Borrowed.
 * @returns The private scalar, 32 bytes that the caller overwrites; undefined when the record is not
 * one that was sealed under this data key with this header.
 */
export function openScalar(
  dataKey: Uint8Array,
  record: Unwritten & { readonly header: Uint8Array; readonly body: Uint8Array },
): Uint8Array | undefined {
  const { header, body, context } = record
  const { take } = createCutter(body)
  const [committed, iv] = [take(COMMITMENT_BYTES), take(IV_BYTES)]
  const [ciphertext, tag] = [take(SCALAR_BYTES), take(TAG_BYTES)]
  if (dataKey.length !== KEY_BYTES || tag.length !== TAG_BYTES) return undefined
  const additionalData = authenticatedOf(header, context)
  const { key, commitment, wipe } = derive(dataKey, additionalData)
  try {
    if (!timingSafeEqual(commitment, committed)) return undefined
    return openGcm({ key, iv, additionalData, ciphertext, tag })
  } finally {
    wipe()
  }
}

/** A header tells where it ends, so that none runs on into a context. */
const authenticatedOf = (header: Uint8Array, context: Uint8Array | undefined): Uint8Array =>
  context === undefined ? header : Buffer.concat([header, context])

/**
 * GCM alone lets somebody make one ciphertext that opens under two keys; the commitment names one.
 *
 * @see RFC 5869 for HKDF, here with SHA-256, without salt: the data key is uniform and used once.
 */
function derive(dataKey: Uint8Array, authenticated: Uint8Array) {
  const digest = createHash('sha256').update(authenticated).digest()
  const info = Buffer.concat([Buffer.from(LABEL), digest])
  const both = hkdf(dataKey, info)
  return {
    key: both.subarray(0, KEY_BYTES),
    commitment: both.subarray(KEY_BYTES),
    wipe: () => void both.fill(0),
  }
}

/**
 * HKDF of SHA-256 without salt, 64 bytes. node:crypto's own holds the key in a `KeyObject`, until the
 * garbage is collected; a `Hmac` overwrites what it had when it is done.
 */
function hkdf(dataKey: Uint8Array, info: Uint8Array): Uint8Array {
  const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]) => {
    const running = createHmac('sha256', key)
    for (const part of parts) running.update(part)
    return running.digest()
  }
  const extracted = hmac(new Uint8Array(HASH_BYTES), dataKey)
  const first = hmac(extracted, info, Uint8Array.of(1))
  const second = hmac(extracted, first, info, Uint8Array.of(2))
  const both = secretBytes(2 * HASH_BYTES)
  both.set(first)
  both.set(second, HASH_BYTES)
  for (const bytes of [extracted, first, second]) bytes.fill(0)
  return both
}
