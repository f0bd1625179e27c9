/** A self-signed certificate for tests, made on the spot. @module */

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** PEM texts; the certificate is its own authority. P-256, valid since ten days ago. */
export type TestCertificate = { readonly key: string; readonly cert: string }

/**
 * @param names - DNS names and IPv4 addresses that it is for.
 * @param days - Until it ends; less than nothing for one that has ended.
 */
export function createCertificate(names: readonly string[], days = 9): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = tag(0x30) // no fields: what counts are the alternative names
  const algorithm = tag(0x30, oid('2a8648ce3d040302')) // ecdsa-with-SHA256
  const day = 86_400_000
  const validity = tag(0x30, time(Date.now() - 10 * day), time(Date.now() + days * day))
  const alternatives = names.map((text) =>
    isIP(text) === 4
      ? tag(0x87, Buffer.from(text.split('.').map(Number)))
      : tag(0x82, Buffer.from(text)),
  )
  const extension = tag(0x30, oid('551d11'), tag(0x04, tag(0x30, ...alternatives)))
  const body = tag(
    0x30,
    tag(0xa0, tag(0x02, Buffer.of(2))),
    tag(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, tag(0x30, extension)),
  )
  const signature = tag(0x03, Buffer.of(0), sign('sha256', body, privateKey))
  const base64 = tag(0x30, body, algorithm, signature).toString('base64')
  const lines = base64.match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  }
}

function tag(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  const head = length < 128 ? [length] : long
  return Buffer.concat([Buffer.of(number, ...head), content])
}

const oid = (hex: string) => tag(0x06, Buffer.from(hex, 'hex'))

const time = (at: number) =>
  tag(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')}`))
