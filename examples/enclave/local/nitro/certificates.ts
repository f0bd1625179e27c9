/** Certificates as those of Nitro, with keys of a test. @module */

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import * as asn1 from 'asn1js'

/** A key, its certificate and its name. */
export type Authority = {
  readonly name: string
  readonly privateKey: KeyObject
  readonly certificate: Uint8Array
}

/** What a certificate says. */
export type CertificateFacts = {
  readonly name: string
  /** Absent: signed by itself. */
  readonly issuer?: Authority
  /** Milliseconds since 1970. */
  readonly from: number
  readonly to: number
  readonly isAuthority?: boolean
  readonly pathLength?: number | undefined
  /** The first byte of key usage; `undefined` leaves it out. */
  readonly usage?: number | undefined
  readonly curve?: string
  /** Of a server: names of DNS and addresses of IPv4. */
  readonly hosts?: readonly string[]
  readonly critical?: string
  readonly repeated?: boolean
}

export const CERT_SIGN = 0x04
export const DIGITAL_SIGNATURE = 0x80

const oid = (value: string) => new asn1.ObjectIdentifier({ value })
const sequence = (...value: asn1.BaseBlock[]) => new asn1.Sequence({ value })
const octets = (valueHex: ArrayBuffer) => new asn1.OctetString({ valueHex })
const tagged = (tagNumber: number, value: asn1.BaseBlock) =>
  new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [value] })
const nameOf = (name: string) =>
  sequence(
    new asn1.Set({ value: [sequence(oid('2.5.4.3'), new asn1.Utf8String({ value: name }))] }),
  )
const extension = (id: string, isCritical: boolean, value: asn1.BaseBlock) =>
  sequence(
    oid(id),
    ...(isCritical ? [new asn1.Boolean({ value: true })] : []),
    octets(value.toBER()),
  )
/** A BIT STRING in DER drops the zeros at its end. */
function bits(byte: number): asn1.BitString {
  let unusedBits = 0
  while (unusedBits < 7 && ((byte >> unusedBits) & 1) === 0) unusedBits += 1
  return new asn1.BitString({ valueHex: Uint8Array.of(byte).buffer, unusedBits })
}

/** RFC 5280 4.2.1.6: `[2]` is a name of DNS, `[7]` an address. */
const hostsOf = (hosts: readonly string[]) =>
  sequence(
    ...hosts.map((host) => {
      const isAddress = /^[\d.]+$/.test(host)
      const bytes = isAddress ? Uint8Array.from(host.split('.'), Number) : Buffer.from(host)
      const idBlock = { tagClass: 3, tagNumber: isAddress ? 7 : 2 }
      return new asn1.Primitive({ idBlock, valueHex: new Uint8Array(bytes).buffer })
    }),
  )

let serial = 1

export function makeCertificate(facts: CertificateFacts): Authority {
  const { name, from, to, isAuthority = false, pathLength, usage, curve = 'P-384' } = facts
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve })
  const issuer = facts.issuer ?? { name, privateKey }
  const algorithm = sequence(oid('1.2.840.10045.4.3.3'))
  const constraints = sequence(
    ...(isAuthority ? [new asn1.Boolean({ value: true })] : []),
    ...(pathLength === undefined ? [] : [new asn1.Integer({ value: pathLength })]),
  )
  const basic = extension('2.5.29.19', true, constraints)
  const extensions = [
    basic,
    ...(facts.repeated === true ? [basic] : []),
    ...(usage === undefined ? [] : [extension('2.5.29.15', true, bits(usage))]),
    ...(facts.hosts === undefined ? [] : [extension('2.5.29.17', false, hostsOf(facts.hosts))]),
    ...(facts.critical === undefined
      ? []
      : [extension(facts.critical, true, octets(new ArrayBuffer(1)))]),
  ]
  const spki = asn1.fromBER(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
  serial += 1
  const body = sequence(
    tagged(0, new asn1.Integer({ value: 2 })),
    new asn1.Integer({ value: serial }),
    algorithm,
    nameOf(issuer.name),
    sequence(timeOf(from), timeOf(to)),
    nameOf(name),
    spki.result,
    tagged(3, sequence(...extensions)),
  )
  const signature = sign('sha384', new Uint8Array(body.toBER()), issuer.privateKey)
  const whole = sequence(
    body,
    sequence(oid('1.2.840.10045.4.3.3')),
    new asn1.BitString({ valueHex: new Uint8Array(signature).buffer }),
  )
  return { name, privateKey, certificate: new Uint8Array(whole.toBER()) }
}

const timeOf = (at: number) =>
  new asn1.UTCTime({ valueDate: new Date(Math.floor(at / 1_000) * 1_000) })
