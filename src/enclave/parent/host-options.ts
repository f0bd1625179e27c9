/** The options of a host of an enclave, checked before anything is opened. @module */

import { assertKnownKeys, assertSignal } from '../../options.ts'
import type { CredentialsOption } from '../../signers/remote/credentials.ts'
import type { SealedKeyStore } from '../../signers/sealed-key/key-store.ts'
import { createCredentialsRoute } from './credentials-route.ts'
import type { EnclaveHostObserver } from './events.ts'
import { type ForwardedHosts, type ForwardTarget, readHosts } from './forwarder.ts'
import type { JsonRoute } from './json-door.ts'
import { type EnclaveHostLimits, readLimits } from './limits.ts'
import { createStoreRoute } from './store-route.ts'
import type { EnclaveRunner } from './supervisor.ts'
import { invalidOption } from './unix-door.ts'

/** Options of `createEnclaveHost`. */
export type EnclaveHostOptions = {
  /**
   * The Unix socket of the enclave's vsock, by its absolute path of at most 70 bytes. The ports of
   * the parent are sockets beside it: that name, `_` and the port.
   */
  readonly vsock: { readonly socketPath: string }
  /** Where sealed keys lie: any store of `fcl-kms/signers/sealed-key`. */
  readonly store: SealedKeyStore
  /** The hosts that the enclave may reach, by the port of its parent: `{ 8001: 'kms.eu-central-1.amazonaws.com:443' }`. */
  readonly hosts: ForwardedHosts
  /** For KMS. Default: what the AWS SDK finds, on EC2 the role of the instance. */
  readonly credentials?: CredentialsOption
  /** Starts the enclave, and starts it again. Without one somebody else does. */
  readonly runner?: EnclaveRunner
  /** Told what happens. What it throws becomes a process warning. */
  readonly onEvent?: EnclaveHostObserver
  /** For metrics: 1 to 64 letters, digits and `._-`. Default `enclave`. */
  readonly name?: string
  readonly limits?: Partial<EnclaveHostLimits>
  /** Ends the first start. */
  readonly signal?: AbortSignal
}

const known = [
  'vsock',
  'store',
  'hosts',
  'credentials',
  'runner',
  'onEvent',
  'name',
  'limits',
  'signal',
]

/** What `readOptions` gives: every option judged, and every limit with its value. */
export type EnclaveHostSettings = {
  readonly socketPath: string
  readonly name: string
  readonly runner: EnclaveRunner | undefined
  readonly onEvent: EnclaveHostObserver | undefined
  readonly limits: EnclaveHostLimits
  readonly targets: readonly ForwardTarget[]
  /** By path, of the helper door. */
  readonly routes: Readonly<Record<string, JsonRoute>>
}

/** What the sockets beside it, and the temporary name of one while it is bound, leave. */
const MAX_PATH_BYTES = 70
/** @throws {SignerError} `INVALID_OPTION`. */
export function readOptions(options: EnclaveHostOptions): EnclaveHostSettings {
  assertKnownKeys(options, known)
  const { vsock, name = 'enclave', runner, onEvent, store, credentials } = options
  if (typeof vsock !== 'object' || vsock === null)
    throw invalidOption('vsock', 'it is not an object')
  assertKnownKeys(vsock, ['socketPath'])
  const { socketPath } = vsock
  if (typeof socketPath !== 'string' || !/^\/[^\p{Cc}]*[^\p{Cc}/]$/u.test(socketPath))
    throw invalidOption('vsock.socketPath', 'it is not an absolute path')
  if (Buffer.byteLength(socketPath) > MAX_PATH_BYTES)
    throw invalidOption('vsock.socketPath', `it is longer than ${MAX_PATH_BYTES} bytes`)
  if (typeof name !== 'string' || !/^[\w.-]{1,64}$/.test(name))
    throw invalidOption('name', 'it is not 1 to 64 letters, digits and ._-')
  if (runner !== undefined && typeof runner?.start !== 'function')
    throw invalidOption('runner', 'it has no function start')
  if (onEvent !== undefined && typeof onEvent !== 'function')
    throw invalidOption('onEvent', 'it is not a function')
  assertSignal(options.signal)
  const { limits: bounds = {} } = options
  const limits = readLimits(bounds)
  return {
    socketPath,
    name,
    runner,
    onEvent,
    limits,
    targets: readHosts(options.hosts),
    routes: {
      '/store': createStoreRoute(store, limits.storeTimeoutMs),
      '/credentials': createCredentialsRoute(credentials, limits.credentialsTimeoutMs),
    },
  }
}
