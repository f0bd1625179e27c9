/** A key of a token as facts, and a new one. @module */

import { randomBytes } from 'node:crypto'
import { isSignatureAlgorithm, type SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { assertKnownKeys } from '../../options.ts'
import type { Subject } from './failures.ts'
import type { Link } from './links.ts'
import { assertId, assertLabel } from './options.ts'
import type { FoundKey, NewKey } from './protocol.ts'
import { showPkcs11Uri } from './uri.ts'

/** What is known of a key. Safe to log. */
export type Pkcs11Key = {
  /** Names the key by label and id, without module and PIN. */
  readonly uri: string
  readonly label: string
  /** Hexadecimal. */
  readonly id: string
  /** 128 hexadecimal digits, lower-case, as Flow takes it. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly token: {
    readonly label: string
    readonly serial: string
    readonly manufacturer: string
    readonly model: string
  }
  /** Whether it was made on the token, and not brought there; `undefined` where that is not told. */
  readonly local: boolean | undefined
  /** Whether it never could leave the token; `undefined` where that is not told. */
  readonly neverExtractable: boolean | undefined
}

/** A key that is to be made. */
export type NewPkcs11Key = {
  readonly label: string
  /** Hexadecimal, 1 to 64 bytes. Default: 16 random bytes. */
  readonly id?: string
  readonly algorithm: SignatureAlgorithm
}

/** @returns The key of this name, looked up once for each process. */
export function findKey(link: Link, subject: Subject): Promise<FoundKey> {
  const name = showPkcs11Uri(subject)
  const known = link.keys.get(name)
  if (known !== undefined) return known
  const finding = link.ask({ name: 'find', key: subject.key }, subject)
  link.keys.set(name, finding)
  finding.catch(() => link.keys.delete(name)) // a failure is not remembered
  return finding
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function checkedNewKey(given: NewPkcs11Key): NewKey {
  assertKnownKeys(given, ['label', 'id', 'algorithm'])
  const { label, id = randomBytes(16).toString('hex'), algorithm } = given
  assertLabel(label)
  assertId(id)
  if (!isSignatureAlgorithm(algorithm)) {
    const reason = 'it is neither ECDSA_P256 nor ECDSA_secp256k1'
    throw new SignerError('INVALID_OPTION', { option: 'algorithm', reason })
  }
  return { label, id: id.toLowerCase(), algorithm }
}

/**
 * Asked once: what was not answered may have been done.
 *
 * @throws {SignerError} `PKCS11_KEY_INCOMPLETE` with the URI of the key when that is so.
 */
export async function makeKey(link: Link, key: NewKey, subject: Subject): Promise<FoundKey> {
  try {
    return await link.ask({ name: 'create', key }, subject)
  } catch (thrown) {
    const step =
      isSignerError(thrown, 'PKCS11_TIMEOUT') || isSignerError(thrown, 'PKCS11_UNAVAILABLE')
        ? 'the token did not say whether it made the key'
        : undefined
    if (step === undefined) throw thrown
    throw new SignerError('PKCS11_KEY_INCOMPLETE', { key: showPkcs11Uri(subject), step })
  }
}

export function describeKey(link: Link, found: FoundKey): Pkcs11Key {
  const { label, id, publicKey, algorithm, local, neverExtractable } = found
  const { pinFileIsOpen: _, ...token } = link.token
  const name = { ...(label === '' ? {} : { label }), ...(id === '' ? {} : { id }) }
  return Object.freeze({
    uri: showPkcs11Uri({ token: { label: token.label }, key: name }),
    label,
    id,
    publicKey: bytesToHex(publicKey),
    signatureAlgorithm: algorithm,
    token: Object.freeze(token),
    local,
    neverExtractable,
  })
}
