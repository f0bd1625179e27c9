/** Faults of the module's process as errors for callers. @module */

import { isSignerError, SignerError } from '../../errors.ts'
import type { Outcome } from './host.ts'
import type { Fault } from './protocol.ts'
import { type Pkcs11Uri, showPkcs11Uri } from './uri.ts'

/** Which token and key the errors are about. */
export type Subject = Pick<Pkcs11Uri, 'modulePath' | 'token' | 'key'>

/** What did not end with a value. */
export type Failure = Exclude<Outcome<never>, { value: never }>

/** Counts are of one call; whoever tries again puts in those of all. */
export function failureError(failure: Failure, limit: string, subject: Subject): SignerError {
  const key = showPkcs11Uri(subject)
  const counts = { attempts: 1, elapsedMs: 0 }
  if ('fault' in failure) return faultError(failure.fault, subject)
  if (failure.isTimeout) return new SignerError('PKCS11_TIMEOUT', { key, limit, ...counts })
  return new SignerError('PKCS11_UNAVAILABLE', { key, reason: failure.gone, ...counts })
}

function faultError(fault: Fault, subject: Subject): SignerError {
  const { modulePath: module } = subject
  const token = showPkcs11Uri({ token: subject.token, key: {} })
  const key = showPkcs11Uri(subject)
  switch (fault.kind) {
    case 'package-missing':
      return new SignerError('PKCS11_PACKAGE_MISSING', { package: 'pkcs11js' })
    case 'not-built':
      return new SignerError('PKCS11_PACKAGE_NOT_BUILT', {
        package: 'pkcs11js',
        reason: fault.reason,
      })
    case 'module':
      return new SignerError('PKCS11_MODULE_UNUSABLE', { module, reason: fault.reason })
    case 'token-missing': {
      const present = fault.present.join(', ') || 'none'
      return new SignerError('PKCS11_TOKEN_NOT_FOUND', { token, module, present })
    }
    case 'token-ambiguous':
      return new SignerError('PKCS11_TOKEN_AMBIGUOUS', { token, matches: fault.matches })
    case 'pin-missing':
      return new SignerError('PKCS11_PIN_MISSING', { token, reason: fault.reason })
    case 'pin-refused':
      return new SignerError('PKCS11_PIN_REFUSED', { token, reason: fault.reason })
    case 'key-missing':
      return new SignerError('PKCS11_KEY_NOT_FOUND', { key })
    case 'key-ambiguous':
      return new SignerError('PKCS11_KEY_AMBIGUOUS', { key, matches: fault.matches })
    case 'key-unusable':
      return new SignerError('PKCS11_KEY_UNUSABLE', { key, reason: fault.reason })
    case 'key-exists':
      return new SignerError('PKCS11_KEY_EXISTS', { key })
    case 'key-incomplete':
      return new SignerError('PKCS11_KEY_INCOMPLETE', { key, step: fault.step })
    case 'device':
      return new SignerError('PKCS11_UNAVAILABLE', {
        key,
        reason: fault.reason,
        attempts: 1,
        elapsedMs: 0,
      })
  }
}

/** The same error, with the counts of all attempts. */
export function counted(thrown: unknown, attempts: number, elapsedMs: number): unknown {
  if (isSignerError(thrown, 'PKCS11_UNAVAILABLE'))
    return new SignerError('PKCS11_UNAVAILABLE', { ...thrown.context, attempts, elapsedMs })
  if (isSignerError(thrown, 'PKCS11_TIMEOUT'))
    return new SignerError('PKCS11_TIMEOUT', { ...thrown.context, attempts, elapsedMs })
  return thrown
}
