/** KMS by TLS that ends in here: the parent moves bytes, and can neither read nor answer. @module */

import { Agent } from 'node:https'
import { connect, rootCertificates } from 'node:tls'
import { KMSClient } from '@aws-sdk/client-kms'
import { SignerError } from 'fcl-kms'
import type { EnclaveConfiguration } from './configuration.ts'
import { parentCredentials } from './credentials.ts'
import type { AskParent } from './parent.ts'

/** Fifteen is what KMS allows by itself. */
const CLOCK_BOUND_MS = 300_000
const CONNECTIONS = 16

/** What the client stands on. */
export type KmsParts = {
  readonly kms: EnclaveConfiguration['kms']
  /** Its bytes come out at the host. */
  readonly socketPath: string
  readonly ask: AskParent
  readonly now?: () => number
}

/**
 * Takes nothing from the environment. Each reply, refusals too, has to have come in the enclave's own
 * time, or no more is made of it.
 *
 * @returns Its calls also reject with `ENCLAVE_TLS_REFUSED`, `ENCLAVE_CLOCK_WRONG`, and the
 * `KMS_CREDENTIALS_…` codes.
 */
export function createKmsClient({ kms, socketPath, ask, now = Date.now }: KmsParts): KMSClient {
  const { region, host, keyId, ca } = kms
  const httpsAgent = Object.assign(new Agent({ keepAlive: true, maxSockets: CONNECTIONS }), {
    createConnection: () =>
      connect({
        path: socketPath,
        servername: host,
        // Those that Node.js was built with are measured, and those of a file or a variable are not.
        ca: ca === undefined ? [...rootCertificates] : [ca],
        minVersion: 'TLSv1.2',
        rejectUnauthorized: true,
        ALPNProtocols: ['http/1.1'],
      }),
  })
  const client = new KMSClient({
    region,
    endpoint: `https://${host}`,
    ...parentCredentials(ask, { region, keyId }),
    requestHandler: {
      httpsAgent,
      connectionTimeout: 3_000,
      requestTimeout: 5_000,
      throwOnRequestTimeout: true,
    },
    maxAttempts: 1, // the caller repeats what may be repeated, with a document of its own
    retryMode: 'standard',
    defaultsMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    disableClockSkewCorrection: true,
    userAgentAppId: 'fcl-kms-enclave',
  })
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args).catch((thrown: unknown) => {
        throw isTlsFault(thrown)
          ? new SignerError('ENCLAVE_TLS_REFUSED', { host, reason: thrown.code })
          : thrown
      })
      assertTime(result.response, now())
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'timeOfKms' },
  )
  return client
}

/** Of OpenSSL's verification, and of what is no TLS at all. */
const TLS_FAULT =
  /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|ERR_TLS_|ERR_SSL_|EPROTO)/

const isTlsFault = (thrown: unknown): thrown is { readonly code: string } =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  typeof thrown.code === 'string' &&
  TLS_FAULT.test(thrown.code)

/** @throws {SignerError} `ENCLAVE_CLOCK_WRONG`, also where the reply does not say when it was made. */
function assertTime(response: unknown, now: number): void {
  const headers = Object(Object(response).headers)
  const aheadMs = now - Date.parse(String(headers.date))
  if (Math.abs(aheadMs) <= CLOCK_BOUND_MS) return
  throw new SignerError('ENCLAVE_CLOCK_WRONG', { aheadMs, boundMs: CLOCK_BOUND_MS })
}
