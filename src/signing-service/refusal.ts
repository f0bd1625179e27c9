/** What a caller is told of an error: what was wrong with the request, and little of the service. @module */

import { type SignerErrorCode, signerErrorTable } from '../error-codes.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { ServiceRefusal } from '../signers/remote/protocol.ts'

/** HTTP statuses of errors that the request itself caused, or that say when to ask again. */
const statuses: Readonly<Partial<Record<SignerErrorCode, number>>> = {
  SIGNING_REQUEST_MALFORMED: 400,
  SIGNING_REQUEST_TOO_LARGE: 413,
  SIGNING_KEY_UNKNOWN: 404,
  SIGNING_DENIED: 403,
  MALFORMED_MESSAGE: 400,
  MALFORMED_TRANSACTION: 400,
  POLICY_REFUSED: 403,
  POLICY_FAILED: 500,
  ATTESTATION_UNAVAILABLE: 404,
  LEDGER_CONFLICT: 409,
  LEDGER_BUDGET_SPENT: 403,
  LEDGER_UNAVAILABLE: 503,
  SIGNING_SERVICE_BUSY: 503,
  SIGNING_SERVICE_TIMEOUT: 504,
}

/** Of these a caller is told the reason; those of a backend may name what only the service knows. */
const explained: ReadonlySet<string> = new Set(
  Object.keys(statuses).filter((code) => code !== 'LEDGER_UNAVAILABLE'),
)

/** @returns The thrown error as one of ours, for the observer and the caller. */
export function asSignerError(thrown: unknown): SignerError {
  if (isSignerError(thrown)) return thrown
  // Its text may quote anything: the name alone tells what kind of mistake it is.
  const name = thrown instanceof Error ? thrown.name.slice(0, 60) : 'something that is no error'
  return new SignerError(
    'SIGNING_SERVICE_FAILED',
    { reason: `it threw ${name}` },
    { cause: thrown },
  )
}

/** @returns A status and what is written to the caller. */
export function refusalOf(
  error: SignerError,
  requestId: string,
): { readonly status: number; readonly refusal: ServiceRefusal } {
  const { code, disposition } = error
  const { reason, budget } = { reason: undefined, budget: undefined, ...error.context }
  const said = budget === undefined ? reason : `the budget ${budget}`
  // An error of another copy of this package may have a code that this one does not know.
  const message = Object.hasOwn(signerErrorTable, code) ? signerErrorTable[code][1] : 'It failed.'
  const isShown = explained.has(code) && typeof said === 'string' && said !== ''
  return {
    status: statuses[code] ?? (disposition === 'retry' ? 503 : 500),
    refusal: { code, disposition, message, ...(isShown ? { reason: said } : {}), requestId },
  }
}
