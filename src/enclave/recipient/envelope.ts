/** CiphertextForRecipient from bytes to its parts: CMS of one recipient, in BER. Nothing is opened here. @module */

import * as asn1 from 'asn1js'
import { isDerOf, readAsn1 } from '../../crypto/asn1.ts'
import { equalBytes } from '../../crypto/bytes.ts'
import { hexToBytes } from '../../crypto/hex.ts'

/** What is wrapped, and what with. */
export type Envelope = {
  /** 256 bytes: the content key, by RSAES-OAEP with SHA-256. */
  readonly wrappedKey: Uint8Array
  /** 16 bytes. */
  readonly iv: Uint8Array
  /** Whole blocks of AES-256-CBC. */
  readonly ciphertext: Uint8Array
}

/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html CiphertextForRecipient */
const MAX_BYTES = 6_144
const BLOCK = 16
const WRAPPED_KEY = 256
const ENVELOPED_DATA = '1.2.840.113549.1.7.3'
const DATA = '1.2.840.113549.1.7.1'
/** RSAES-OAEP with SHA-256, MGF1 of SHA-256 and no label: one way to write it, and nothing else. */
const OAEP = hexToBytes(
  '303c06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500',
  'OAEP',
)
/** AES-256-CBC; the iv follows. */
const CBC = hexToBytes('301d060960864801650304012a0410', 'CBC')
const CONTEXT = 3

/**
 * The encrypted content is constructed (of one or several OCTET STRINGs) or primitive, and lengths are of
 * any form: KMS sends both. All else has one form.
 *
 * @param bytes - Borrowed.
 * @returns Copies; undefined for anything but such an envelope. Never throws.
 * @see RFC 5652 6.1
 */
export function readEnvelope(bytes: Uint8Array): Envelope | undefined {
  if (bytes.length > MAX_BYTES) return undefined
  const [type, tagged] = sequence(readAsWritten(bytes), 2)
  const [version, recipients, content] = sequence(only(explicit(tagged)), 3)
  if (oidOf(type) !== ENVELOPED_DATA || !isTwo(version)) return undefined
  const wrappedKey = wrappedKeyOf(recipients)
  const [contentType, algorithm, encrypted] = sequence(content, 3)
  const iv = ivOf(algorithm)
  const ciphertext = contentOf(encrypted)
  if (oidOf(contentType) !== DATA || wrappedKey === undefined || iv === undefined) return undefined
  if (ciphertext.length === 0 || ciphertext.length % BLOCK !== 0) return undefined
  return { wrappedKey, iv, ciphertext }
}

/** A parser writes lengths in the form in which it read them, and all else in one. */
function readAsWritten(bytes: Uint8Array): unknown {
  const value = readAsn1(bytes)
  try {
    return value !== undefined && isDerOf(value, bytes) ? value : undefined
  } catch {
    return undefined
  }
}

/** Which key it is meant for is not known: what the identifier names is nowhere written. */
function wrappedKeyOf(recipients: unknown): Uint8Array | undefined {
  const list =
    recipients instanceof asn1.Set && isMade(recipients) ? recipients.valueBlock.value : []
  const [version, keyId, algorithm, wrapped] = sequence(only(list), 4)
  if (!isTwo(version) || !isTagged(keyId) || !(keyId instanceof asn1.Primitive)) return undefined
  if (!(algorithm instanceof asn1.Sequence) || !equalBytes(writtenAs(algorithm), OAEP))
    return undefined
  const key = octets(wrapped)
  return key?.length === WRAPPED_KEY ? key : undefined
}

function ivOf(algorithm: unknown): Uint8Array | undefined {
  const bytes = algorithm instanceof asn1.Sequence ? writtenAs(algorithm) : new Uint8Array()
  const isCbc = equalBytes(bytes.subarray(0, CBC.length), CBC)
  return isCbc && bytes.length === CBC.length + BLOCK ? bytes.slice(CBC.length) : undefined
}

/** @returns No bytes for anything but encrypted content. */
function contentOf(encrypted: unknown): Uint8Array {
  if (isTagged(encrypted) && encrypted instanceof asn1.Primitive)
    return encrypted.valueBlock.valueHexView.slice()
  const pieces = explicit(encrypted).map(octets)
  const isWhole = pieces.every((piece) => piece !== undefined)
  return isWhole ? new Uint8Array(Buffer.concat(pieces)) : new Uint8Array()
}

/** @returns A copy; undefined for one that is made of others. */
const octets = (value: unknown): Uint8Array | undefined =>
  value instanceof asn1.OctetString && !value.idBlock.isConstructed
    ? value.valueBlock.valueHexView.slice()
    : undefined

/** As it stood there. */
const writtenAs = (value: asn1.BaseBlock): Uint8Array => value.valueBeforeDecodeView

const isTagged = (value: unknown): value is asn1.BaseBlock =>
  value instanceof asn1.BaseBlock &&
  value.idBlock.tagClass === CONTEXT &&
  value.idBlock.tagNumber === 0

const explicit = (value: unknown): readonly unknown[] =>
  isTagged(value) && value instanceof asn1.Constructed ? value.valueBlock.value : []

const only = (values: readonly unknown[]): unknown => (values.length === 1 ? values[0] : undefined)

/** @returns Its parts, or none. */
function sequence(value: unknown, length: number): readonly unknown[] {
  const parts = value instanceof asn1.Sequence && isMade(value) ? value.valueBlock.value : []
  return parts.length === length ? parts : []
}

/** Of others, as its tag says; the parser does not look. */
const isMade = ({ idBlock }: asn1.BaseBlock): boolean => idBlock.isConstructed

const oidOf = (value: unknown): string =>
  value instanceof asn1.ObjectIdentifier ? value.valueBlock.toString() : ''

const isTwo = (value: unknown): boolean =>
  value instanceof asn1.Integer && equalBytes(writtenAs(value), Uint8Array.of(2, 1, 2))
