/** The chain of certificates of an attestation document, from its root to the enclave. @module */

import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { bytesOrNone } from '../crypto/arguments.ts'
import { equalBytes } from '../crypto/bytes.ts'
import { bytesToHex } from '../crypto/hex.ts'
import { SignerError } from '../errors.ts'
import { invalid } from '../options.ts'
import { type CertificateUses, usesOf } from './certificate-uses.ts'
import type { AttestationClaims } from './document.ts'
import { malformed } from './document.ts'

/**
 * SHA-256 of the DER of AWS Nitro Enclaves Root G1, valid until 2049.
 *
 * @see https://aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip
 */
const AWS_NITRO_ROOT_SHA256 = '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b'

/** @returns SHA-256 of the root, 64 digits. @throws {SignerError} `INVALID_OPTION`. */
export function rootOf(root: Uint8Array | undefined): string {
  if (root === undefined) return AWS_NITRO_ROOT_SHA256
  if (bytesOrNone(root) === undefined || !isCertificate(root))
    throw invalid('root', 'it is not the DER of a certificate')
  return fingerprint(root)
}

/** PEM, and what stands behind a certificate, would be passed over. */
function isCertificate(der: Uint8Array): boolean {
  try {
    return equalBytes(new X509Certificate(der).raw, der)
  } catch {
    return false
  }
}

const fingerprint = (der: Uint8Array) =>
  bytesToHex(new Uint8Array(createHash('sha256').update(der).digest()))

/**
 * The root is the one that was expected, byte for byte; each certificate is signed by the one before,
 * on P-384, names it as its issuer, is valid now and used as it says: those above sign certificates,
 * no further down than they may, and the last one signs documents.
 *
 * @returns The public key of the enclave.
 * @throws {SignerError} `ATTESTATION_MALFORMED`, `ATTESTATION_UNTRUSTED`, `ATTESTATION_STALE`.
 */
export function assertChain(
  { cabundle, certificate }: AttestationClaims,
  root: string,
  now: number,
): KeyObject {
  if (fingerprint(cabundle[0] ?? certificate) !== root)
    throw untrusted('its root is not the one that was expected')
  const links = [...cabundle, certificate].map(linkOf)
  let above: Link | undefined
  for (const [index, link] of links.entries()) {
    const below = links.length - 1 - index
    assertUses(link.uses, below, index)
    assertIssued(link, above ?? link, index)
    assertValid(link.certificate, now, index)
    above = link
  }
  return (above as Link).publicKey // there is one certificate at least
}

type Link = {
  readonly certificate: X509Certificate
  readonly publicKey: KeyObject
  readonly uses: CertificateUses
}

function linkOf(der: Uint8Array): Link {
  try {
    const certificate = new X509Certificate(der)
    const { publicKey } = certificate // read only now, and it may be none
    return { certificate, publicKey, uses: usesOf(der) }
  } catch (thrown) {
    if (thrown instanceof SignerError) throw thrown
    throw malformed('a certificate cannot be read')
  }
}

function assertUses(uses: CertificateUses, below: number, index: number): void {
  const mayHave = uses.pathLength ?? Number.POSITIVE_INFINITY
  // The enclave's own is not counted.
  if (below > 0 && (!uses.isAuthority || !uses.signsCertificates || mayHave < below - 1))
    throw untrusted(`certificate ${index} may not sign those below it`)
  if (below === 0 && (uses.isAuthority || !uses.signsDocuments))
    throw untrusted('the certificate of the enclave may not sign documents')
}

function assertIssued({ certificate, publicKey }: Link, issuer: Link, index: number): void {
  if (publicKey.asymmetricKeyDetails?.namedCurve !== 'secp384r1')
    throw untrusted(`certificate ${index} is not on P-384`)
  if (!certificate.checkIssued(issuer.certificate) || !isSignedBy(certificate, issuer))
    throw untrusted(`certificate ${index} is not of the one above it`)
}

function isSignedBy(certificate: X509Certificate, { publicKey }: Link): boolean {
  try {
    return certificate.verify(publicKey)
  } catch {
    return false // OpenSSL tells some malformed signatures by an error
  }
}

function assertValid(certificate: X509Certificate, now: number, index: number): void {
  const from = Date.parse(certificate.validFrom)
  const to = Date.parse(certificate.validTo)
  if (!(now >= from && now <= to))
    throw new SignerError('ATTESTATION_STALE', {
      reason: `certificate ${index} is valid from ${certificate.validFrom} to ${certificate.validTo}`,
    })
}

const untrusted = (reason: string) => new SignerError('ATTESTATION_UNTRUSTED', { reason })
