/** What a remote signer is made of, checked before anything is sent. @module */

import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { hexToBytes } from '../../crypto/hex.ts'
import { importPublicKey } from '../../crypto/verify.ts'
import { SignerError } from '../../errors.ts'
import { assertHttpUrl, assertKnownKeys } from '../../options.ts'
import type { SignerPublicKey } from '../signer.ts'
import type { CredentialsOption } from './credentials.ts'
import { createHttpTransport, type RemoteSignerTls } from './http-transport.ts'
import { assertLambda, createLambdaTransport, type RemoteSignerLambda } from './lambda-transport.ts'
import { limitNames, type RemoteSignerLimits, remoteLimits } from './limits.ts'
import { KEY_NAME } from './protocol.ts'
import { type SigV4Scope, scopeOfHost, sigV4 } from './sigv4.ts'
import type { RemoteTransport } from './transport.ts'

/** Where the signing service is: one of these. */
export type RemoteSignerWay =
  | {
      /**
       * Of a function URL, a stage of API Gateway or any other door by HTTP, with its path.
       * `http:` only on this machine, unless `allowHttp` is set.
       */
      readonly url: string
      readonly allowHttp?: boolean
      /** For SigV4. Default: what the AWS SDK finds, for hosts of AWS and where `sigv4` is given. */
      readonly credentials?: CredentialsOption
      /** For SigV4 to a host that does not tell it by its name, such as a domain of your own. */
      readonly sigv4?: SigV4Scope
      /** A client certificate, and whom to trust. Signers given the same object share sockets. */
      readonly tls?: RemoteSignerTls
      readonly lambda?: never
      readonly socketPath?: never
    }
  | { readonly lambda: RemoteSignerLambda; readonly url?: never; readonly socketPath?: never }
  /** A Unix socket, by its absolute path. */
  | { readonly socketPath: string; readonly url?: never; readonly lambda?: never }

/** Options of `createRemoteSigner`. */
export type RemoteSignerOptions = RemoteSignerWay &
  Partial<RemoteSignerLimits> & {
    /** The name that the service knows the key by: 1 to 128 letters, digits and `._:/@+-`. */
    readonly key: string
    /**
     * The public key that it must be, 128 hexadecimal digits, X‖Y. With it nothing is asked until
     * there is something to sign. Without it the first answer is believed, and pinned.
     */
    readonly publicKey?: string
    /** Opaque texts for the policy of the service: at most 16, of 1 to 4,096 characters. */
    readonly approvals?: readonly string[]
    /** Requests that may be on their way at once, of all signers of the same service. Default 50. */
    readonly maxSockets?: number
  }

/** What was made of the options. */
export type RemoteSignerParts = {
  readonly transport: RemoteTransport
  readonly limits: RemoteSignerLimits
  readonly pinned: SignerPublicKey | undefined
  readonly key: string
  readonly approvals: readonly string[] | undefined
}

const ways = ['url', 'lambda', 'socketPath'] as const
const knownFor: Readonly<Record<(typeof ways)[number], readonly string[]>> = {
  url: ['url', 'allowHttp', 'credentials', 'sigv4', 'tls'],
  lambda: ['lambda'],
  socketPath: ['socketPath'],
}
const common = ['key', 'publicKey', 'approvals', 'maxSockets', ...limitNames]

const refuse = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })

/** @throws {SignerError} `INVALID_OPTION`. */
export function readOptions(options: RemoteSignerOptions): RemoteSignerParts {
  assertKnownKeys(options, [...Object.values(knownFor).flat(), ...common])
  const [way, ...others] = ways.filter((name) => options[name] !== undefined)
  if (way === undefined || others.length > 0)
    throw refuse('url', 'give one of url, lambda and socketPath, and no more')
  assertKnownKeys(options, [...knownFor[way], ...common])
  const { key, publicKey, approvals, maxSockets = 50 } = options
  if (typeof key !== 'string' || !KEY_NAME.test(key))
    throw refuse('key', 'it is not 1 to 128 letters, digits and ._:/@+-')
  if (!Number.isInteger(maxSockets) || maxSockets < 1 || maxSockets > 10_000)
    throw refuse('maxSockets', 'it is not a whole number from 1 to 10000')
  assertApprovals(approvals)
  const limits = remoteLimits(
    Object.fromEntries(Object.entries(options).filter(([name]) => limitNames.includes(name))),
  )
  return {
    transport: transportOf(options, limits, maxSockets),
    limits,
    key,
    approvals: approvals === undefined ? undefined : [...approvals],
    pinned: publicKey === undefined ? undefined : readPublicKey(publicKey),
  }
}

function transportOf(
  options: RemoteSignerOptions,
  limits: RemoteSignerLimits,
  maxSockets: number,
): RemoteTransport {
  const how = { maxSockets, connectionTimeoutMs: limits.connectionTimeoutMs }
  if (options.lambda !== undefined) {
    assertLambda(options.lambda)
    return createLambdaTransport(options.lambda, limits, maxSockets)
  }
  if (options.socketPath !== undefined) {
    const { socketPath } = options
    assertSocketPath(socketPath)
    return createHttpTransport({ target: { socketPath }, ...how })
  }
  const { tls, credentials, sigv4 } = options
  const url = readUrl(options.url, options.allowHttp ?? false)
  if (tls !== undefined) assertTls(tls, url)
  const scope = readScope(sigv4, credentials, url)
  return createHttpTransport({
    target: { url, tls },
    ...how,
    ...(scope === undefined ? {} : { authorize: sigV4({ url, scope, credentials }) }),
  })
}

function readUrl(value: string, allowHttp: boolean): URL {
  assertHttpUrl('url', value)
  if (typeof allowHttp !== 'boolean') throw refuse('allowHttp', 'it is neither true nor false')
  const url = new URL(value)
  if (url.search !== '' || url.hash !== '') throw refuse('url', 'it has a query or a fragment')
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'http:' && !isHere && !allowHttp)
    throw refuse('url', 'http: shows messages to the network: take https:, or set allowHttp')
  return url
}

/** Linux keeps 108 bytes with the zero at the end, macOS 104. */
const MAX_SOCKET_PATH_BYTES = 103

function assertSocketPath(path: string): void {
  const byteLength = typeof path === 'string' ? Buffer.byteLength(path) : 0
  if (byteLength === 0 || !/^\/[^\p{Cc}]*$/u.test(path))
    throw refuse('socketPath', 'it is not an absolute path')
  if (byteLength > MAX_SOCKET_PATH_BYTES)
    throw refuse('socketPath', `it is longer than ${MAX_SOCKET_PATH_BYTES} bytes`)
}

function assertTls(tls: RemoteSignerTls, url: URL): void {
  if (typeof tls !== 'object' || tls === null) throw refuse('tls', 'it is not an object')
  assertKnownKeys(tls, ['cert', 'key', 'passphrase', 'ca', 'servername'])
  if (url.protocol !== 'https:') throw refuse('tls', 'it goes with an https: URL only')
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw refuse('tls', 'cert and key go together')
  if (tls.servername !== undefined && typeof tls.servername !== 'string')
    throw refuse('tls.servername', 'it is not a text')
  try {
    createSecureContext(tls)
    if (tls.ca !== undefined) new X509Certificate(tls.ca) // the context passes over what is none
  } catch {
    // OpenSSL's own error is left out: it may quote what it was given.
    throw refuse('tls', 'cert, key, passphrase and ca do not fit together, or are not PEM')
  }
}

function readScope(
  sigv4: SigV4Scope | undefined,
  credentials: CredentialsOption | undefined,
  url: URL,
): SigV4Scope | undefined {
  if (credentials !== undefined && !/^(object|function)$/.test(typeof credentials))
    throw refuse('credentials', 'they are neither an object nor a function')
  if (credentials === null) throw refuse('credentials', 'they are null')
  const ofHost = scopeOfHost(url.hostname)
  if (sigv4 === undefined) {
    if (ofHost === undefined && credentials !== undefined)
      throw refuse('sigv4', 'the host does not tell service and region: give them')
    return ofHost
  }
  if (typeof sigv4 !== 'object' || sigv4 === null) throw refuse('sigv4', 'it is not an object')
  assertKnownKeys(sigv4, ['service', 'region'])
  const { service, region } = sigv4
  if (service !== 'lambda' && service !== 'execute-api')
    throw refuse('sigv4.service', 'it is neither lambda nor execute-api')
  if (typeof region !== 'string' || !/^[a-z0-9-]{1,32}$/.test(region))
    throw refuse('sigv4.region', 'it is not the name of a Region')
  return { service, region }
}

function assertApprovals(approvals: readonly string[] | undefined): void {
  if (approvals === undefined) return
  const isApproval = (one: unknown) =>
    typeof one === 'string' && one.length > 0 && one.length <= 4_096
  if (!Array.isArray(approvals) || approvals.length > 16 || !approvals.every(isApproval))
    throw refuse('approvals', 'they are not at most 16 texts of 1 to 4096 characters')
}

/** A point lies on one of the two curves only, so the digits tell which. */
function readPublicKey(digits: string): SignerPublicKey {
  if (typeof digits !== 'string' || !/^[0-9a-f]{128}$/i.test(digits))
    throw refuse('publicKey', 'it is not 128 hexadecimal digits, X and Y')
  const bytes = hexToBytes(digits, 'publicKey')
  const algorithms: readonly SignatureAlgorithm[] = ['ECDSA_secp256k1', 'ECDSA_P256']
  const algorithm = algorithms.find((each) => isOnCurve(bytes, each))
  if (algorithm === undefined)
    throw refuse('publicKey', 'it is a point of neither secp256k1 nor P-256')
  return { bytes, algorithm }
}

function isOnCurve(bytes: Uint8Array, algorithm: SignatureAlgorithm): boolean {
  try {
    importPublicKey(bytes, algorithm)
    return true
  } catch {
    return false
  }
}
