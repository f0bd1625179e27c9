/** Pieces of input schemas, and checks that a schema cannot say. @module */

import { importPublicKey } from 'fcl-kms/crypto'
import { type TEnum, type TString, Type } from 'typebox'
import { AdminError } from '../errors.ts'

/** Fields of objects: no others are taken. */
export const strict = { additionalProperties: false } as const

/** A Flow address. One spelling only, so that two spellings are not two recipients. */
export const address: TString = Type.String({
  pattern: '^0x[0-9a-f]{16}$',
  description: 'A Flow address: 0x and 16 lower-case hexadecimal digits.',
})

/** A public key as Flow writes it. One spelling only, like addresses. */
export const publicKey: TString = Type.String({
  pattern: '^[0-9a-f]{128}$',
  description: 'A public key: 128 lower-case hexadecimal digits, X then Y.',
})

/** Raw values are those of Cadence: the node API counts the curves differently. */
export const signatureAlgorithms = { ECDSA_P256: 1, ECDSA_secp256k1: 2 } as const
export type SignatureAlgorithm = keyof typeof signatureAlgorithms
export const signatureAlgorithm: TEnum<SignatureAlgorithm[]> = Type.Enum([
  'ECDSA_P256',
  'ECDSA_secp256k1',
])

/** Raw values in Cadence of the two hashes that transactions are signed with. */
export const hashAlgorithms = { SHA2_256: 1, SHA3_256: 3 } as const
export type HashAlgorithm = keyof typeof hashAlgorithms
export const hashAlgorithm: TEnum<HashAlgorithm[]> = Type.Enum(['SHA2_256', 'SHA3_256'])

/** @param field - A JSON pointer into the item. The detail holds no value. */
export const refuse = (field: string, detail: string): AdminError =>
  new AdminError('INVALID_REQUEST', { errors: [{ field, detail }] })

/**
 * Line breaks and tabs are taken only with `lines`. No other control character is, in any text: a
 * database cannot keep U+0000, and nobody can see the others.
 *
 * @param bytes - Least and most of its UTF-8, as the contract counts them.
 * @throws {AdminError} `INVALID_REQUEST`, also for half of a surrogate pair, which is no text.
 */
export function assertText(
  field: string,
  text: string,
  bytes: readonly [min: number, max: number],
  options: { readonly lines?: boolean } = {},
): void {
  const length = Buffer.byteLength(text)
  const [min, max] = bytes
  if (length < min || length > max)
    throw refuse(field, `it has ${length} bytes in UTF-8, not ${min} to ${max}`)
  if (/\p{Cs}/u.test(text)) throw refuse(field, 'it is not well-formed Unicode')
  const unwanted = options.lines === true ? /(?![\n\t])\p{Cc}/u : /\p{Cc}/u
  if (unwanted.test(text)) throw refuse(field, 'it holds a control character')
}

/** Printable ASCII that may be in a URI; what else a URI names is percent-encoded. */
export const webAddress: TString = Type.String({
  pattern: "^(?:https|ipfs)://[A-Za-z0-9\\-._~:/?#\\[\\]@!$&'()*+,;=%]+$",
  maxLength: 2_048,
  description: 'An https:// or ipfs:// address in ASCII.',
})

/**
 * Wallets show and follow it. `http:` can be changed on its way; `data:` holds a page of its own,
 * which the contract would tell as a file on the web; a name before an `@` looks like the host.
 *
 * @param url - Valid by `webAddress`.
 * @throws {AdminError} `INVALID_REQUEST`.
 */
export function assertWebAddress(field: string, url: string): void {
  if (url.startsWith('ipfs://')) {
    if (!/^ipfs:\/\/[A-Za-z0-9]{8,}(?:[/?#]|$)/.test(url))
      throw refuse(field, 'it names no content: ipfs:// and a CID')
    return
  }
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:' || parsed.hostname === '')
    throw refuse(field, 'it is not an https:// address')
  if (parsed.username !== '' || parsed.password !== '')
    throw refuse(field, 'it has a user name or a password')
}

/** @throws {AdminError} `INVALID_REQUEST` for what is no point of the curve. */
export function assertPublicKey(
  field: string,
  digits: string,
  algorithm: SignatureAlgorithm,
): void {
  try {
    importPublicKey(new Uint8Array(Buffer.from(digits, 'hex')), algorithm)
  } catch {
    throw refuse(field, `it is not a public key of ${algorithm}`)
  }
}
