/** Attestation documents, with the chain of a test. @module */

import { sign } from 'node:crypto'
import { encode } from 'cborg'
import {
  type Authority,
  CERT_SIGN,
  type CertificateFacts,
  DIGITAL_SIGNATURE,
  makeCertificate,
} from './certificates.ts'

const HOUR = 3_600_000
const names = ['root', 'region', 'zone', 'instance', 'enclave'] as const
export type LinkName = (typeof names)[number]

/**
 * Root, region, zone, instance and enclave, with the times and lengths of real ones: that of the enclave
 * is over after two hours.
 *
 * @param root - Of an earlier chain, to make another below it.
 */
export function createNitroChain(
  now: number = Date.now(),
  changes: Partial<Record<LinkName, Partial<CertificateFacts>>> = {},
  root?: Authority,
): readonly Authority[] {
  const facts: Record<LinkName, Omit<CertificateFacts, 'name'>> = {
    root: { from: now - 1_000 * HOUR, to: now + 1_000 * HOUR, isAuthority: true, usage: CERT_SIGN },
    region: authority(now, 480, 2),
    zone: authority(now, 130, 1),
    instance: authority(now, 24, 0),
    enclave: { from: now - HOUR, to: now + 2 * HOUR, usage: DIGITAL_SIGNATURE },
  }
  const chain: Authority[] = root === undefined ? [] : [root]
  for (const name of names.slice(chain.length)) {
    const issuer = chain.at(-1)
    const own = { name, ...facts[name], ...(issuer === undefined ? {} : { issuer }) }
    chain.push(makeCertificate({ ...own, ...changes[name] }))
  }
  return chain
}

const authority = (now: number, hours: number, pathLength: number) => ({
  ...{ from: now - HOUR, to: now + hours * HOUR, isAuthority: true, pathLength },
  usage: CERT_SIGN | DIGITAL_SIGNATURE,
})

/** The fields of a document. */
export type DocumentFields = Readonly<Record<string, unknown>>

export const fieldsOf = (chain: readonly Authority[], now: number): DocumentFields => ({
  module_id: 'i-0123456789abcdef0-enc0123456789abcdef',
  digest: 'SHA384',
  timestamp: now,
  pcrs: new Map(Array.from({ length: 16 }, (_, index) => [index, pcr(index < 3 ? index + 1 : 0)])),
  certificate: chain.at(-1)?.certificate,
  cabundle: chain.slice(0, -1).map(({ certificate }) => certificate),
  public_key: null,
  user_data: null,
  nonce: null,
})

export const pcr = (byte: number): Uint8Array => new Uint8Array(48).fill(byte)

/** As QEMU's own module makes it: signed by nobody. */
export const unsignedDocument = (fields: DocumentFields): Uint8Array =>
  encode([
    encode(new Map([[1, -1]])),
    new Map(),
    encode({ ...fields, certificate: new Uint8Array(64) }),
    new Uint8Array(64),
  ])

/** @param parts - Of COSE, in place of what they would be. */
export function signDocument(
  chain: readonly Authority[],
  fields: DocumentFields,
  parts: {
    readonly header?: Uint8Array
    readonly open?: object
    readonly tag?: boolean
    /** What is signed, in place of the payload. */
    readonly change?: (payload: Uint8Array) => Uint8Array
  } = {},
): Uint8Array {
  const { header = Uint8Array.of(0xa1, 0x01, 0x38, 0x22), open = new Map(), tag = false } = parts
  const payload = (parts.change ?? ((same) => same))(encode(fields))
  const signed = encode(['Signature1', header, new Uint8Array(), payload])
  const key = (chain.at(-1) as Authority).privateKey
  const signature = sign('sha384', signed, { key, dsaEncoding: 'ieee-p1363' })
  const document = encode([header, open, payload, new Uint8Array(signature)])
  return tag ? Uint8Array.of(0xd2, ...document) : document
}
