/** Where webhooks may go: listed origins, at public addresses, checked where it is connected. @module */

import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { AdminError } from '../errors.ts'
import { isLoopbackLiteral, isPublicAddress } from './public-address.ts'

/** Bytes of a URL at most. */
const MAX_URL = 2_048

/** Why a URL is not taken. The URL itself is not repeated: its path may be a secret. */
export type UrlRefusal =
  | 'too-long'
  | 'malformed'
  | 'fragment'
  | 'origin-not-allowed'
  | 'address-not-public'

/**
 * Whether an entry of `webhooks.allow` can be one: `https://host` or `https://host:port` in lower
 * case, or `http://` when the host is a loopback address in digits. For the check of the
 * configuration; an entry that is none allows nothing.
 */
export function isWebhookOrigin(entry: string): boolean {
  const url = URL.canParse(entry) ? new URL(entry) : undefined
  if (url === undefined || withoutDefaultPort(entry, url) !== url.origin) return false
  const host = hostOf(url)
  if (isLoopbackLiteral(host)) return /^https?:$/.test(url.protocol)
  if (url.protocol !== 'https:') return false
  if (isIP(host) !== 0) return isPublicAddress(host)
  return !host.endsWith('.') && !/(^|\.)localhost$/.test(host)
}

/**
 * When a request is accepted, and again before each attempt. Only what a parser cannot read in two
 * ways is taken: the text must begin with the origin just as the list has it.
 *
 * @param allow - Origins, from `webhooks.allow`.
 * @returns The URL as it is to be stored and called.
 * @throws {AdminError} `INVALID_REQUEST`; `facts.reason` is a `UrlRefusal`.
 */
export function assertWebhookUrl(text: string, allow: readonly string[]): string {
  const refuse = (reason: UrlRefusal): never => {
    throw new AdminError('INVALID_REQUEST', { field: 'webhookUrl', reason })
  }
  if (text.length > MAX_URL) return refuse('too-long')
  // No blank, control or non-ASCII character and no backslash: parsers drop or replace those.
  if (!/^[!-[\]-~]+$/.test(text) || !URL.canParse(text)) return refuse('malformed')
  if (text.includes('#')) return refuse('fragment')
  const url = new URL(text)
  const rest = withoutDefaultPort(text, url)
  // Userinfo, upper case, other spellings of an address and the like: not as the parser writes it.
  if (!rest.startsWith(url.origin) || !/^([/?]|$)/.test(rest.slice(url.origin.length)))
    return refuse('malformed')
  const allowed = allow.some(
    (entry) => isWebhookOrigin(entry) && new URL(entry).origin === url.origin,
  )
  if (!allowed) return refuse('origin-not-allowed')
  return url.href
}

/** Finds the addresses of a name; as text, IPv4 or IPv6. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

const resolveBySystem: Resolve = async (hostname) =>
  (await systemLookup(hostname, { all: true })).map(({ address }) => address)

/** What came of a look at the addresses. */
export type CheckedAddresses =
  | { readonly addresses: readonly string[] }
  | { readonly errorCode: 'NAME_NOT_RESOLVED' | 'ADDRESS_NOT_PUBLIC' }

/**
 * Asks for the addresses once. All must be public: a name that also leads inside is not to be
 * trusted. Only a loopback address that stands in the URL in digits, hence on the list, may be
 * called at loopback.
 *
 * @param url - From `assertWebhookUrl`.
 */
export async function checkedAddresses(
  url: URL,
  resolve: Resolve = resolveBySystem,
): Promise<CheckedAddresses> {
  const host = hostOf(url)
  if (isLoopbackLiteral(host)) return { addresses: [host] }
  const addresses = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host]
  if (addresses.length === 0) return { errorCode: 'NAME_NOT_RESOLVED' }
  if (!addresses.every(isPublicAddress)) return { errorCode: 'ADDRESS_NOT_PUBLIC' }
  return { addresses }
}

/**
 * For the connection: answers with the checked addresses and asks nobody, so a name server that
 * answers otherwise the second time ("rebinding") is not heard.
 */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_hostname, options, callback) => {
    const [first] = found
    if (options.all) callback(null, found)
    else if (first !== undefined) callback(null, first.address, first.family)
    else callback(new Error('no address'), '', 0)
  }
}

/** Without the brackets of an IPv6 address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/, '$1')

/** `https://host:443` and `https://host` are one origin. */
function withoutDefaultPort(text: string, url: URL): string {
  const port = url.protocol === 'https:' ? ':443' : ':80'
  const explicit = `${url.origin}${port}`
  const end = text.slice(explicit.length)
  return url.port === '' && text.startsWith(explicit) && /^([/?]|$)/.test(end)
    ? `${url.origin}${end}`
    : text
}
