/** Signs calls by a key that is derived from the token, as docs/admin-server.md says. @module */

const encoder = new TextEncoder()
const INFO = 'fcl-kms admin request signature'
const NONCE_BYTES = 18

/** The key of whoever signed in on this page; no script can read it, and it is gone with the page. */
let key: CryptoKey | undefined

/** @param token - Neither kept nor sent. */
export async function keepKeyOf(token: string): Promise<void> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(token), 'HKDF', false, [
    'deriveKey',
  ])
  const how = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(INFO),
  }
  const kind = { name: 'HMAC', hash: 'SHA-256', length: 256 }
  key = await crypto.subtle.deriveKey(how, material, kind, false, ['sign'])
}

/** Nobody is signed in any more. */
export const forgetKey = (): void => {
  key = undefined
}

/**
 * @param target - Path with query.
 * @param body - As it is sent; empty where there is none.
 * @returns The headers that carry the signature; none without a key.
 */
export async function signatureHeaders(
  method: string,
  target: string,
  body: string,
): Promise<Readonly<Record<string, string>>> {
  if (key === undefined) return {}
  const timestamp = String(Math.floor(Date.now() / 1_000))
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
  const bodyHash = hex(await crypto.subtle.digest('SHA-256', encoder.encode(body)))
  const text = ['v1', method, target, bodyHash, timestamp, nonce].join('\n')
  const mac = await crypto.subtle.sign('HMAC', key, encoder.encode(text))
  return {
    'x-request-timestamp': timestamp,
    'x-request-nonce': nonce,
    'x-request-signature': `v1=${hex(mac)}`,
  }
}

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
