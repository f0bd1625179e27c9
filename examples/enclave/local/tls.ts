/** Certificates of servers on this machine, by an authority that is made with them. @module */

import { CERT_SIGN, DIGITAL_SIGNATURE, makeCertificate } from './nitro/certificates.ts'

/** An authority that nobody else trusts. */
export type TlsAuthority = {
  /** PEM, for the `ca` of a client. */
  readonly ca: string
  /**
   * @param hosts - Names of DNS and addresses of IPv4 that the server is called by.
   * @returns PEM, for `node:https`.
   */
  readonly issue: (...hosts: readonly string[]) => { readonly key: string; readonly cert: string }
}

const DAY_MS = 86_400_000

/** @param now - Milliseconds since 1970. Valid from a day before to thirty days after. */
export function createTlsAuthority(now: number = Date.now()): TlsAuthority {
  const times = { from: now - DAY_MS, to: now + 30 * DAY_MS }
  const issuer = makeCertificate({
    ...{ name: 'fcl-kms local', isAuthority: true, usage: CERT_SIGN },
    ...times,
  })
  return Object.freeze({
    ca: pem(issuer.certificate),
    issue(...hosts) {
      const name = hosts[0] ?? 'localhost'
      const facts = { name, issuer, hosts, usage: DIGITAL_SIGNATURE, ...times }
      const { privateKey, certificate } = makeCertificate(facts)
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
      return { key: String(key), cert: pem(certificate) }
    },
  } satisfies TlsAuthority)
}

const pem = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
