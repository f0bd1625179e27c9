/** Options of a token, checked at once. @module */

import { SignerError } from '../../errors.ts'
import { assertKnownKeys, assertTimeout } from '../../options.ts'
import type { ConnectionOptions } from './connection.ts'
import { limitNames, type Pkcs11Limits, pkcs11Limits } from './limits.ts'
import type { PinFunction } from './pin.ts'
import { type KeyName, parsePkcs11Uri } from './uri.ts'

/** Options of `createPkcs11Token` and `createPkcs11Signer`. */
export type Pkcs11Options = Partial<Pkcs11Limits> & {
  /** RFC 7512: with `module-path`, `token` or `serial`, and for a signer `object` or `id`. */
  readonly uri: string
  /** Gives the PIN, when the URI does not say where it is. */
  readonly pin?: PinFunction
  /** The whole environment of the process in which the module runs. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What a few modules read when they are initialised, such as NSS softoken. */
  readonly libraryParameters?: string
  /** Milliseconds without a call after which the process is ended. Default: it stays. */
  readonly idleTimeoutMs?: number
}

const names = ['uri', 'pin', 'env', 'libraryParameters', 'idleTimeoutMs', ...limitNames]

/** @throws {SignerError} `INVALID_OPTION`. */
export function checkedOptions(options: Pkcs11Options): ConnectionOptions {
  assertKnownKeys(options, names)
  const { uri: text, pin, env, libraryParameters, idleTimeoutMs, ...rest } = options
  const uri = parsePkcs11Uri(text)
  if (pin !== undefined && typeof pin !== 'function')
    throw invalid('pin', 'it is not a function that gives the PIN')
  if (pin !== undefined && (uri.pinFile ?? uri.pinValue) !== undefined)
    throw invalid('pin', 'the URI says where the PIN is, too')
  if (env !== undefined && (typeof env !== 'object' || env === null))
    throw invalid('env', 'it is not an object')
  if (libraryParameters !== undefined && typeof libraryParameters !== 'string')
    throw invalid('libraryParameters', 'it is not a text')
  if (idleTimeoutMs !== undefined) assertTimeout('idleTimeoutMs', idleTimeoutMs)
  const limits = pkcs11Limits(rest)
  return {
    uri,
    pin,
    env: () => ({ ...(env ?? process.env) }),
    libraryParameters,
    idleTimeoutMs,
    limits,
  }
}

/**
 * @returns The name with its id in lower case.
 * @throws {SignerError} `INVALID_OPTION` unless it has a label or an id.
 */
export function checkedKeyName(key: KeyName): KeyName {
  assertKnownKeys(key, ['label', 'id'])
  const { label, id } = key
  if (label === undefined && id === undefined)
    throw invalid('key', 'it has neither label (object in a URI) nor id')
  if (label !== undefined) assertLabel(label)
  if (id !== undefined) assertId(id)
  return {
    ...(label === undefined ? {} : { label }),
    ...(id === undefined ? {} : { id: id.toLowerCase() }),
  }
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertLabel(label: string): void {
  const isLabel = typeof label === 'string' && /^\P{Cc}{1,128}$/u.test(label)
  if (!isLabel) throw invalid('label', 'it is not a text of 1 to 128 printable characters')
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertId(id: string): void {
  const isId = typeof id === 'string' && /^(?:[0-9a-f]{2}){1,64}$/i.test(id)
  if (!isId) throw invalid('id', 'it is not 1 to 64 bytes in hexadecimal digits')
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
