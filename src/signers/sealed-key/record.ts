/** A sealed key as bytes: one form of each, and nothing else is read. See docs/sealed-keys.md. @module */

import { curves, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { parseKmsKeyId } from '../../kms-key-id.ts'
import { isWalletId } from './wallet-id.ts'

/** `FKSK`. */
const MAGIC = [0x46, 0x4b, 0x53, 0x4b] as const
const VERSION = 1
const FORMS = { 'data-key': 1, 'key-pair': 2 } as const
const PUBLIC_KEY = 64
/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html CiphertextBlob */
const MAX_WRAPPED = 6_144

/** Bytes; no record is longer. */
export const MAX_RECORD_BYTES = 8_192
/** Of the parts behind the header, in bytes and in their order. */
export const COMMITMENT_BYTES = 32
export const IV_BYTES = 12
export const SCALAR_BYTES = 32
export const TAG_BYTES = 16
const SEALED = COMMITMENT_BYTES + IV_BYTES + SCALAR_BYTES + TAG_BYTES
/** Behind the header of a key pair: SHA-256 of the header. */
export const CHECKSUM_BYTES = 32

/** What a record says openly. */
export type RecordHeader = {
  /** `data-key`: sealed here under a data key. `key-pair`: wrapped by KMS itself, which made it. */
  readonly form: keyof typeof FORMS
  readonly id: string
  readonly algorithm: SignatureAlgorithm
  /** 64 bytes, X‖Y. */
  readonly publicKey: Uint8Array
  /** Of the KMS key that wrapped. */
  readonly keyArn: string
  /** As KMS gave it: the data key, or the private key in PKCS#8. */
  readonly wrapped: Uint8Array
}

/** A record that was read. Windows into its bytes, not copies. */
export type SealedRecord = RecordHeader & {
  readonly header: Uint8Array
  /** Commitment, iv, ciphertext and tag, or the checksum. */
  readonly body: Uint8Array
}

/** @returns The bytes that are authenticated along with the private key. */
export function encodeHeader(record: RecordHeader): Uint8Array {
  const [id, arn] = [record.id, record.keyArn].map((text) => Buffer.from(text, 'latin1'))
  const { wrapped, publicKey } = record
  return new Uint8Array(
    Buffer.concat([
      Uint8Array.of(...MAGIC, VERSION, FORMS[record.form], curves[record.algorithm].nodeCode),
      Uint8Array.of(id?.length ?? 0),
      id ?? Buffer.alloc(0),
      publicKey,
      Uint8Array.of(arn?.length ?? 0),
      arn ?? Buffer.alloc(0),
      Uint8Array.of(wrapped.length >> 8, wrapped.length & 0xff),
      wrapped,
    ]),
  )
}

/**
 * Whether the point is on its curve is not checked.
 *
 * @param bytes - Borrowed; the record holds windows into them.
 * @returns Undefined for anything but the one form of a record of version 1.
 */
export function parseRecord(bytes: Uint8Array): SealedRecord | undefined {
  if (bytes.length > MAX_RECORD_BYTES) return undefined
  const { take, taken } = createCutter(bytes)
  const byte = () => take(1)[0] ?? 0
  const text = (length: number) => Buffer.from(take(length)).toString('latin1')

  const magic = take(MAGIC.length)
  if (MAGIC.some((value, index) => magic[index] !== value) || byte() !== VERSION) return undefined
  const form = nameOf(FORMS, byte())
  const curve = byte()
  const algorithm = Object.values(curves).find(({ nodeCode }) => nodeCode === curve)?.algorithm
  const id = text(byte())
  const publicKey = take(PUBLIC_KEY)
  const keyArn = text(byte())
  const wrapped = take(byte() * 256 + byte())
  const header = bytes.subarray(0, taken())
  const body = bytes.subarray(taken())
  if (form === undefined || algorithm === undefined || !isWalletId(id) || !isKeyArn(keyArn))
    return undefined
  if (wrapped.length === 0 || wrapped.length > MAX_WRAPPED || taken() > bytes.length)
    return undefined
  if (body.length !== (form === 'data-key' ? SEALED : CHECKSUM_BYTES)) return undefined
  return { form, id, algorithm, publicKey, keyArn, wrapped, header, body }
}

/** Windows into bytes, one behind the other. Past the end they are shorter, and `taken` tells. */
export function createCutter(bytes: Uint8Array): {
  readonly take: (length: number) => Uint8Array
  readonly taken: () => number
} {
  let at = 0
  return {
    take(length) {
      at += length
      return bytes.subarray(at - length, at)
    },
    taken: () => at,
  }
}

const nameOf = <Names extends Record<string, number>>(names: Names, value: number) =>
  Object.keys(names).find((name): name is keyof Names & string => names[name] === value)

/** Also that the text is an ARN of at most 255 characters, since one byte tells its length. */
export function isKeyArn(text: string): boolean {
  try {
    return text.length <= 255 && parseKmsKeyId(text).keyArn !== undefined
  } catch {
    return false
  }
}
