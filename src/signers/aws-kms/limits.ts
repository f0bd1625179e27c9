/** How long a call to KMS may take. @module */

import { assertKnownKeys, assertTimeout } from '../../options.ts'

/** All in milliseconds. */
export type KmsLimits = {
  /** To open a connection. Only for a client made here from configuration. Default 1,000. */
  readonly connectionTimeoutMs: number
  /** One request, with whatever retries the injected client makes itself. Default 3,000. */
  readonly requestTimeoutMs: number
  /** A whole operation with all its retries and pauses. Default 10,000. */
  readonly totalTimeoutMs: number
  /**
   * To wait here for a turn, before a call is sent: no more are on their way than the client has
   * sockets. The other limits do not count this time. Default 60,000.
   */
  readonly queueTimeoutMs: number
}

const defaults: KmsLimits = {
  connectionTimeoutMs: 1_000,
  requestTimeoutMs: 3_000,
  totalTimeoutMs: 10_000,
  queueTimeoutMs: 60_000,
}

/** The names of the options. */
export const limitNames: readonly string[] = Object.keys(defaults)

/** @throws {SignerError} `INVALID_OPTION` for an unknown name or a value out of range. */
export function kmsLimits(limits: Partial<KmsLimits>): KmsLimits {
  assertKnownKeys(limits, limitNames)
  for (const [name, value] of Object.entries(limits)) assertTimeout(name, value)
  return Object.freeze({ ...defaults, ...limits })
}
