/** What goes wrong in the process of the module, as facts that the other process can be told. @module */

import type { Fault } from '../protocol.ts'

const faults = new WeakMap<Error, Fault>()

/** Carries a fault to where the answer is sent. */
export function faultError(fault: Fault): Error {
  const error = new Error(fault.kind)
  faults.set(error, fault)
  return error
}

/** Return values after which nothing works in this process, whatever the session. */
const LOST =
  /^CKR_(DEVICE_REMOVED|TOKEN_NOT_PRESENT|TOKEN_NOT_RECOGNIZED|CRYPTOKI_NOT_INITIALIZED|USER_NOT_LOGGED_IN|SLOT_ID_INVALID)$/

/** Return values that another try cannot change. */
const FINAL: Readonly<Record<string, string>> = {
  CKR_MECHANISM_INVALID: 'the token does not know CKM_ECDSA',
  CKR_MECHANISM_PARAM_INVALID: 'the token does not know CKM_ECDSA',
  CKR_KEY_FUNCTION_NOT_PERMITTED: 'the token does not let it sign',
  CKR_KEY_TYPE_INCONSISTENT: 'the token does not let it sign by CKM_ECDSA',
}

/** The name of the return value, when this is one. No text of the module's. */
export function returnValue(thrown: unknown): string | undefined {
  const { message, code }: { message?: unknown; code?: unknown } =
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  if (typeof message === 'string' && /^CKR_[A-Z0-9_]{1,60}$/.test(message)) return message
  // A vendor's own value has no name.
  return typeof code === 'number' && code > 0 ? `CKR 0x${code.toString(16)}` : undefined
}

/** @returns What the other process is told of anything that was thrown. */
export function faultOf(thrown: unknown): Fault {
  const known = thrown instanceof Error ? faults.get(thrown) : undefined
  if (known !== undefined) return known
  const value = returnValue(thrown)
  if (value === undefined) return { kind: 'device', reason: 'an unexpected error', lost: true }
  const reason = FINAL[value]
  if (reason !== undefined) return { kind: 'key-unusable', reason: `${reason} (${value})` }
  return { kind: 'device', reason: value, lost: LOST.test(value) }
}
