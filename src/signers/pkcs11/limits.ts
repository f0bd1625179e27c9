/** Bounds of the PKCS#11 signer, and their defaults. @module */

import { SignerError } from '../../errors.ts'
import { assertTimeout } from '../../options.ts'

/** Every wait for a token has an end. */
export type Pkcs11Limits = {
  /** Milliseconds until the module answers one call; then its process is ended. Default 5,000. */
  readonly callTimeoutMs: number
  /** Milliseconds to start the process, load and initialise the module and log in; or to make a key. Default 15,000. */
  readonly startTimeoutMs: number
  /** Milliseconds for one signature with all that is tried again. Default 30,000. */
  readonly totalTimeoutMs: number
  /** Milliseconds that a signature waits for its turn, apart from the total. Default 60,000. */
  readonly queueTimeoutMs: number
  /** Signatures that may wait for their turn. Default 1,000. */
  readonly queueLimit: number
  /** Sessions, and so signatures at once; one more is open to stay logged in. Default 4. */
  readonly sessions: number
}

const defaults: Pkcs11Limits = {
  callTimeoutMs: 5_000,
  startTimeoutMs: 15_000,
  totalTimeoutMs: 30_000,
  queueTimeoutMs: 60_000,
  queueLimit: 1_000,
  sessions: 4,
}

/** Names of the options. */
export const limitNames: readonly string[] = Object.keys(defaults)

/** @throws {SignerError} `INVALID_OPTION`. */
export function pkcs11Limits(given: Partial<Pkcs11Limits>): Pkcs11Limits {
  const limits = { ...defaults, ...given }
  for (const [name, value] of Object.entries(limits))
    if (name.endsWith('Ms')) assertTimeout(name, value)
  assertCount('queueLimit', limits.queueLimit, 1_000_000)
  assertCount('sessions', limits.sessions, 256)
  return limits
}

function assertCount(option: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return
  const reason = `it is not a whole number from 1 to ${most}`
  throw new SignerError('INVALID_OPTION', { option, reason })
}
