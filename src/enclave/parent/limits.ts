/** Every bound of the host of an enclave, and what it is without a word. @module */

import { assertKnownKeys, assertTimeout } from '../../options.ts'
import { invalidOption } from './unix-door.ts'

/** How an enclave is looked after. All times in milliseconds. */
export type SupervisorLimits = {
  /** From the start until it says that it is well. Default 60,000. */
  readonly startTimeoutMs: number
  /** Between two questions how it is. Default 5,000. */
  readonly healthIntervalMs: number
  /** For one answer to that. Default 3,000. */
  readonly healthTimeoutMs: number
  /** Answers in a row that did not come, after which it counts as gone. Default 3. */
  readonly healthMisses: number
  /** Before it is started again: doubled each time, with half of it drawn at random. Default 1,000. */
  readonly minPauseMs: number
  /** The most that this pause grows to. Default 60,000. */
  readonly maxPauseMs: number
  /** Restarts in a row after which it is given up. Default 10. */
  readonly maxRestarts: number
  /** Time up that begins a new row. Default 60,000. */
  readonly stableMs: number
}

/** Bounds of everything. All times in milliseconds. */
export type EnclaveHostLimits = SupervisorLimits & {
  /** For one signature, with the wait for a socket. Default 30,000. */
  readonly requestTimeoutMs: number
  /** For the enclave to take a connection. Default 3,000. */
  readonly connectTimeoutMs: number
  /** Requests under way at once; more are refused. Default 256. */
  readonly maxConcurrent: number
  /** Connections into the enclave for them. Default 64. */
  readonly maxSockets: number
  /** For one step of the store. Default 5,000. */
  readonly storeTimeoutMs: number
  /** For whatever gives the credentials. Default 5,000. */
  readonly credentialsTimeoutMs: number
  /** Connections of the enclave to its helper, and to each host. Default 64. */
  readonly maxConnections: number
  /** To reach a host that the enclave asked for. Default 5,000. */
  readonly forwardConnectTimeoutMs: number
  /** Silence both ways after which such a connection ends. Default 60,000. */
  readonly forwardIdleTimeoutMs: number
  /** What is under way when the host is closed. Default 5,000. */
  readonly closeTimeoutMs: number
}

const defaults: EnclaveHostLimits = {
  startTimeoutMs: 60_000,
  healthIntervalMs: 5_000,
  healthTimeoutMs: 3_000,
  healthMisses: 3,
  minPauseMs: 1_000,
  maxPauseMs: 60_000,
  maxRestarts: 10,
  stableMs: 60_000,
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 3_000,
  maxConcurrent: 256,
  maxSockets: 64,
  storeTimeoutMs: 5_000,
  credentialsTimeoutMs: 5_000,
  maxConnections: 64,
  forwardConnectTimeoutMs: 5_000,
  forwardIdleTimeoutMs: 60_000,
  closeTimeoutMs: 5_000,
}

/** @throws {SignerError} `INVALID_OPTION` for a name or a value that is none. */
export function readLimits(limits: Partial<EnclaveHostLimits>): EnclaveHostLimits {
  assertKnownKeys(limits, Object.keys(defaults))
  for (const [name, value] of Object.entries(limits)) {
    if (name.endsWith('Ms')) assertTimeout(name, value)
    else if (!Number.isInteger(value) || value < (name === 'maxRestarts' ? 0 : 1) || value > 10_000)
      throw invalidOption(name, 'it is not a whole number from 1 to 10000')
  }
  const all = { ...defaults, ...limits }
  if (all.maxPauseMs < all.minPauseMs)
    throw invalidOption('maxPauseMs', 'it is shorter than minPauseMs')
  return Object.freeze(all)
}
