/** PKCS#11 URIs: which module, which token, which key, and where its PIN is. @module */

import { fileURLToPath } from 'node:url'
import { SignerError } from '../../errors.ts'

/** What must be equal on a token for it to be the one that is meant; at least label or serial. */
export type TokenName = {
  readonly label?: string
  readonly serial?: string
  readonly manufacturer?: string
  readonly model?: string
}

/** Which key of a token: by label, by id, or by both. The id is hexadecimal, lower-case. */
export type KeyName = { readonly label?: string; readonly id?: string }

/** A URI that was read. */
export type Pkcs11Uri = {
  /** Absolute path of the vendor's library. */
  readonly modulePath: string
  readonly token: TokenName
  /** Without label and id when the URI names a token only. */
  readonly key: KeyName
  /** Absolute path of a file whose first line is the PIN. */
  readonly pinFile?: string
  /** The PIN in clear. Not to be shown. */
  readonly pinValue?: string
}

const MAX_LENGTH = 4_096
const ATTRIBUTE = /^([a-z][a-z0-9-]*)=((?:[\w.~:[\]@!$'()*+,=&-]|%[0-9a-f]{2})*)$/i
const QUERY_ATTRIBUTE = /^([a-z][a-z0-9-]*)=((?:[\w.~:[\]@!$'()*+,=/?|-]|%[0-9a-f]{2})*)$/i

const inPath = ['token', 'serial', 'manufacturer', 'model', 'object', 'id', 'type'] as const
const inQuery = ['module-path', 'pin-source', 'pin-value'] as const

/** Attributes of RFC 7512 that are no way to name a key here, and why. */
const refused: Readonly<Record<string, string>> = {
  'slot-id': 'a slot has another number after the next start: name the token or its serial',
  'slot-description': 'name the token or its serial, not the slot',
  'slot-manufacturer': 'name the token or its serial, not the slot',
  'library-description': 'name the library by module-path',
  'library-manufacturer': 'name the library by module-path',
  'library-version': 'name the library by module-path',
  'module-name': 'name the library by module-path',
}

/**
 * Reads a URI as RFC 7512 writes it, and refuses what it does not know: a misspelt attribute would
 * mean another key. No part of the URI is quoted in an error, since it may hold a PIN.
 *
 * @throws {SignerError} `INVALID_OPTION`.
 * @see RFC 7512 2.3 for the grammar, 2.4 for the attributes.
 */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  if (typeof uri !== 'string') throw invalid('it is not a text')
  if (uri.length > MAX_LENGTH) throw invalid(`it is longer than ${MAX_LENGTH} characters`)
  const [, path, query] = /^pkcs11:([^?]*)(?:\?(.*))?$/is.exec(uri) ?? []
  if (path === undefined) throw invalid('it does not start with pkcs11:')
  const ofPath = readAttributes(path, ';', ATTRIBUTE, inPath)
  const ofQuery = readAttributes(query ?? '', '&', QUERY_ATTRIBUTE, inQuery)
  if ((ofPath['type'] ?? 'private') !== 'private') throw invalid('its type is not private')
  const { token: label, serial, manufacturer, model, object, id } = ofPath
  if (label === undefined && serial === undefined) throw invalid('it has neither token nor serial')
  const modulePath = ofQuery['module-path']
  if (modulePath === undefined) throw invalid('it has no module-path')
  if (!modulePath.startsWith('/')) throw invalid('module-path is not an absolute path')
  const { 'pin-source': source, 'pin-value': pinValue } = ofQuery
  if (source !== undefined && pinValue !== undefined)
    throw invalid('it has both pin-source and pin-value')
  return Object.freeze({
    modulePath,
    token: some({ label, serial, manufacturer, model }),
    key: some({ label: object, id }),
    ...some({ pinFile: source === undefined ? undefined : fileOf(source), pinValue }),
  })
}

/** @returns The URI of a token, or of a key on it, that is safe to log: no PIN, no path. */
export function showPkcs11Uri({ token, key }: Pick<Pkcs11Uri, 'token' | 'key'>): string {
  const texts = Object.entries({
    token: token.label,
    serial: token.serial,
    object: key.label,
  })
  const parts = texts.flatMap(([name, text]) =>
    text === undefined ? [] : [`${name}=${encodeText(text)}`],
  )
  if (key.id !== undefined) parts.push(`id=${key.id.replace(/../g, '%$&')}`)
  return `pkcs11:${parts.join(';')}`
}

const encodeText = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)

function readAttributes<Name extends string>(
  text: string,
  separator: string,
  grammar: RegExp,
  known: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<string, string>> = {}
  for (const part of text === '' ? [] : text.split(separator)) {
    const [, name, value] = grammar.exec(part) ?? []
    if (name === undefined || value === undefined)
      throw invalid('an attribute is not name=value in the characters of RFC 7512')
    const reason = Object.hasOwn(refused, name) ? refused[name] : undefined
    if (reason !== undefined) throw invalid(`${name} is refused: ${reason}`)
    if (!known.some((other) => other === name))
      throw invalid(`an attribute is unknown here; known are ${known.join(', ')}`)
    if (found[name] !== undefined) throw invalid(`${name} is given twice`)
    if (value === '') throw invalid(`${name} is empty`)
    found[name] = name === 'id' ? hexOf(value) : textOf(name, value)
  }
  return found
}

const octetsOf = (value: string) =>
  Buffer.from(
    value.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

const hexOf = (value: string) => octetsOf(value).toString('hex')

function textOf(name: string, value: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octetsOf(value))
  } catch {
    throw invalid(`${name} is not UTF-8`)
  }
  if (/\p{Cc}/u.test(text)) throw invalid(`${name} holds a control character`)
  return text
}

/** @param source - `file:/path`, `file:///path` or `/path`. */
function fileOf(source: string): string {
  if (source.startsWith('/')) return source
  if (source.startsWith('|'))
    throw invalid('pin-source is a program: read its answer in a function and pass that as pin')
  const url = source.startsWith('file:/') && URL.canParse(source) ? new URL(source) : undefined
  if (url === undefined || url.host !== '' || url.search !== '' || url.hash !== '')
    throw invalid('pin-source is not the absolute path of a file on this machine')
  try {
    return fileURLToPath(url)
  } catch {
    throw invalid('pin-source is not the absolute path of a file on this machine')
  }
}

/** Without the properties that are undefined. */
const some = <T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.freeze(
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> } // the same names, and what is left is defined

const invalid = (reason: string) => new SignerError('INVALID_OPTION', { option: 'uri', reason })
