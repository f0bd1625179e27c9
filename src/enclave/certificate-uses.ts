/** What a certificate may be used for. Node.js shows neither its key usage nor how long its paths may be. @module */

import * as asn1 from 'asn1js'
import { readAsn1 } from '../crypto/asn1.ts'
import { malformed } from './document.ts'

/** Of the extensions basicConstraints and keyUsage. */
export type CertificateUses = {
  readonly isAuthority: boolean
  /** Authorities that may stand below it. Absent: any number. */
  readonly pathLength?: number
  readonly signsCertificates: boolean
  readonly signsDocuments: boolean
}

const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
/** Bits from the left, RFC 5280 4.2.1.3. */
const DIGITAL_SIGNATURE = 0x80
const KEY_CERT_SIGN = 0x04

/**
 * @param der - A certificate that node:crypto has read.
 * @throws {SignerError} `ATTESTATION_MALFORMED` for one without key usage, with an extension twice, or
 * with a critical one that is not understood.
 */
export function usesOf(der: Uint8Array): CertificateUses {
  const extensions = extensionsOf(der)
  const usage = asn1Of(extensions.get(KEY_USAGE))
  if (!(usage instanceof asn1.BitString)) throw malformed('a certificate does not tell its use')
  const [bits = 0] = usage.valueBlock.valueHexView
  const constraints = extensions.get(BASIC_CONSTRAINTS)
  return {
    ...(constraints === undefined ? { isAuthority: false } : constraintsOf(asn1Of(constraints))),
    signsCertificates: (bits & KEY_CERT_SIGN) !== 0,
    signsDocuments: (bits & DIGITAL_SIGNATURE) !== 0,
  }
}

function constraintsOf(value: unknown): Pick<CertificateUses, 'isAuthority' | 'pathLength'> {
  if (!(value instanceof asn1.Sequence)) throw malformed('a certificate has odd constraints')
  const [authority, length, ...rest] = value.valueBlock.value
  if (rest.length > 0) throw malformed('a certificate has odd constraints')
  if (authority === undefined) return { isAuthority: false }
  if (!(authority instanceof asn1.Boolean)) throw malformed('a certificate has odd constraints')
  const isAuthority = authority.valueBlock.value
  if (length === undefined) return { isAuthority }
  if (!(length instanceof asn1.Integer)) throw malformed('a certificate has odd constraints')
  return { isAuthority, pathLength: length.valueBlock.valueDec }
}

/** The bytes of each extension that is understood, by its identifier. */
function extensionsOf(der: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const certificate = readAsn1(der)
  const [body] = certificate instanceof asn1.Sequence ? certificate.valueBlock.value : []
  const parts = body instanceof asn1.Sequence ? body.valueBlock.value : []
  const [tagged] = parts.filter(
    ({ idBlock }) => idBlock.tagClass === CONTEXT && idBlock.tagNumber === 3,
  )
  const [list] = tagged instanceof asn1.Constructed ? tagged.valueBlock.value : []
  if (!(list instanceof asn1.Sequence)) throw malformed('a certificate has no extensions')
  const known = new Map<string, Uint8Array>()
  for (const extension of list.valueBlock.value) {
    const [id, isCritical, bytes] = partsOf(extension)
    const isUnderstood = id === BASIC_CONSTRAINTS || id === KEY_USAGE
    if (isCritical && !isUnderstood)
      throw malformed('a certificate has a critical extension that is not understood')
    if (known.has(id)) throw malformed('a certificate has an extension twice')
    known.set(id, bytes)
  }
  return known
}

const CONTEXT = 3

function partsOf(extension: unknown): readonly [string, boolean, Uint8Array] {
  const parts = extension instanceof asn1.Sequence ? extension.valueBlock.value : []
  const [id, second, third] = parts
  const isCritical = second instanceof asn1.Boolean && second.valueBlock.value
  const value = second instanceof asn1.Boolean ? third : second
  if (!(id instanceof asn1.ObjectIdentifier) || !(value instanceof asn1.OctetString))
    throw malformed('a certificate has an odd extension')
  return [id.valueBlock.toString(), isCritical, value.valueBlock.valueHexView]
}

const asn1Of = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : readAsn1(bytes)
