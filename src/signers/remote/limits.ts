/** How long a call to a signing service may take. @module */

import { assertTimeout } from '../../options.ts'

/** All in milliseconds. */
export type RemoteSignerLimits = {
  /** To open a connection, with TLS. Default 3,000. Not for an AWS client of the caller's own. */
  readonly connectionTimeoutMs: number
  /** One request. Default 10,000: a Lambda that starts cold takes 5 s before it asks its KMS. */
  readonly requestTimeoutMs: number
  /** A whole operation with all its tries and pauses. Default 30,000. */
  readonly totalTimeoutMs: number
  /**
   * To wait here for a turn, before a call is sent: no more are on their way than there are
   * sockets. The other limits do not count this time. Default 60,000.
   */
  readonly queueTimeoutMs: number
}

const defaults: RemoteSignerLimits = {
  connectionTimeoutMs: 3_000,
  requestTimeoutMs: 10_000,
  totalTimeoutMs: 30_000,
  queueTimeoutMs: 60_000,
}

/** The names of the options. */
export const limitNames: readonly string[] = Object.keys(defaults)

/** @throws {SignerError} `INVALID_OPTION` for a value out of range. */
export function remoteLimits(limits: Partial<RemoteSignerLimits>): RemoteSignerLimits {
  for (const [name, value] of Object.entries(limits)) assertTimeout(name, value)
  return Object.freeze({ ...defaults, ...limits })
}
