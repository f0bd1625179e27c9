/** Whether it signs, as far as the last thing that was asked of each key has shown. @module */

import { isSignerError } from 'fcl-kms'
import type { RequestEvent } from 'fcl-kms/signing-service'

/** A typed fault in plain data. */
export type Fault = { readonly code: string; readonly message: string }

/** The answer of `/health`. */
export type HealthReport = {
  readonly status: 'ok' | 'starting' | 'failing'
  readonly error?: Fault
  /** The enclave's clock: milliseconds since 1970. */
  readonly now: number
  readonly startedAt: number
}

/** What requests have shown. */
export type Health = {
  readonly observe: (event: RequestEvent) => void
  readonly started: () => void
  /** Names of keys that failed when they were last asked for. */
  readonly failing: () => readonly string[]
  readonly report: () => HealthReport
}

/** Faults of the enclave and of what it stands on; what a caller did wrong is none. */
const FAULTS =
  /^(KMS|STORE|ENCLAVE|AWS|ATTESTATION|KEY|PKCS11|RECIPIENT|SECURITY_MODULE)_|^SEALED_KEY_(INVALID|UNCERTAIN)$/

export function createHealth(now: () => number = Date.now): Health {
  const startedAt = now()
  const faults = new Map<string, Fault>()
  let isStarted = false
  return {
    observe({ key, outcome, errorCode, problem = '' }) {
      if (key === undefined) return
      if (outcome !== 'refused') faults.delete(key)
      else if (errorCode !== undefined && FAULTS.test(errorCode))
        faults.set(key, { code: errorCode, message: problem })
    },
    started: () => {
      isStarted = true
    },
    failing: () => [...faults.keys()],
    report() {
      const [error] = faults.values()
      const times = { now: now(), startedAt }
      if (error !== undefined) return { status: 'failing', error, ...times }
      return { status: isStarted ? 'ok' : 'starting', ...times }
    },
  }
}

/** Of an error that is not ours nothing is told but that: it may hold anything. */
export const faultOf = (thrown: unknown): Fault =>
  isSignerError(thrown)
    ? { code: thrown.code, message: thrown.message }
    : { code: 'OTHER', message: 'An error that is not of this package.' }
