/** Options of a signing service, checked at once. @module */

import type { TransactionPayload } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import { type Budgets, type ChargesOf, compileBudgets } from './budgets.ts'
import type { RequestObserver } from './event.ts'
import { compileKeys, type ReadyKey, type ServiceKey } from './keys.ts'
import type { Ledger } from './ledger/ledger.ts'

/** What a policy is told besides the transaction. */
export type ServicePolicyContext = {
  /** The name of the key that shall sign. */
  readonly key: string
  readonly part: 'payload' | 'envelope'
  /** Who asks, where the door knows: an ARN, or the subject of a certificate. */
  readonly caller?: string
  /** As they came, unread. */
  readonly approvals: readonly string[]
}

/**
 * A rule on a transaction before it is signed, for example of `createPolicy`. `undefined` allows, and
 * nothing else does. What it throws refuses, as in a relay.
 */
export type ServicePolicy = (
  transaction: TransactionPayload,
  context: ServicePolicyContext,
) => undefined | void | Promise<undefined> | Promise<void>

/**
 * Asks the hardware for an attestation document that holds both as they are.
 *
 * @param request - `nonce` of 1 to 512 bytes as the caller sent it, `userData` of at most 400 that names
 * the key. Borrowed.
 * @returns COSE_Sign1, 1 to 12,288 bytes.
 */
export type ServiceAttest = (
  request: { readonly nonce: Uint8Array; readonly userData: Uint8Array },
  options: { readonly signal: AbortSignal },
) => Promise<Uint8Array>

/** Options of `createSigningService`. */
export type SigningServiceOptions = {
  /** By the names that clients ask for: 1 to 128 letters, digits and `._:/@+-`. */
  readonly keys: Readonly<Record<string, ServiceKey>>
  /** Needed as soon as a key may sign payloads or envelopes. */
  readonly policy?: ServicePolicy
  /** Without one, a service remembers nothing. */
  readonly ledger?: Ledger
  /** Needs a ledger. */
  readonly budgets?: Budgets
  /**
   * Milliseconds for which a sequence number stays with the payload that had it first, counted from
   * then: the reference block is older than the request, and has expired after 600 more. Default
   * 1,200,000, which is two seconds for each.
   */
  readonly holdMs?: number
  /** Milliseconds for one request, all of it. Default 30,000. */
  readonly timeoutMs?: number
  /** Milliseconds for the ledger. Default 5,000. */
  readonly ledgerTimeoutMs?: number
  /** Requests under way at once; more are refused. Default 256. */
  readonly maxConcurrent?: number
  /**
   * Inside an enclave: proves to whoever asks which image keeps which key. Without it such requests are
   * refused.
   */
  readonly attest?: ServiceAttest
  /** Called after each request, for audit and metrics. What it throws becomes a process warning. */
  readonly onRequest?: RequestObserver
}

/** Options ready to be used. */
export type ReadyOptions = {
  readonly keys: ReadonlyMap<string, ReadyKey>
  readonly policy: ServicePolicy | undefined
  readonly ledger: Ledger | undefined
  readonly chargesOf: ChargesOf
  readonly holdMs: number
  readonly timeoutMs: number
  readonly ledgerTimeoutMs: number
  readonly maxConcurrent: number
  readonly attest: ServiceAttest | undefined
  readonly onRequest: RequestObserver | undefined
}

const known = [
  'keys',
  'policy',
  'ledger',
  'budgets',
  'holdMs',
  'timeoutMs',
  'ledgerTimeoutMs',
  'maxConcurrent',
  'attest',
  'onRequest',
]

/** Of a day: whoever holds longer needs a chain that is slower than any. */
const MAX_HOLD_MS = 86_400_000

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function compileOptions(options: SigningServiceOptions): ReadyOptions {
  assertKnownKeys(options, known)
  const { policy, ledger, budgets, attest, onRequest } = options
  const { holdMs = 1_200_000, timeoutMs = 30_000 } = options
  const { ledgerTimeoutMs = 5_000, maxConcurrent = 256 } = options
  const keys = compileKeys(options.keys)
  const transactions = [...keys.values()].some(({ payload, envelope }) => payload || envelope)
  if (policy !== undefined && typeof policy !== 'function')
    throw invalid('policy', 'it is not a function')
  if (policy === undefined && transactions)
    throw invalid('policy', 'it is missing, and a key may sign transactions')
  if (ledger !== undefined && typeof ledger?.claim !== 'function')
    throw invalid('ledger', 'it is not a ledger')
  if (budgets !== undefined && ledger === undefined)
    throw invalid('budgets', 'there is no ledger to count them')
  if (!Number.isInteger(holdMs) || holdMs < 1 || holdMs > MAX_HOLD_MS)
    throw invalid('holdMs', `it is not a whole number of milliseconds from 1 to ${MAX_HOLD_MS}`)
  assertTimeout('timeoutMs', timeoutMs)
  assertTimeout('ledgerTimeoutMs', ledgerTimeoutMs)
  if (!Number.isInteger(maxConcurrent) || maxConcurrent < 1 || maxConcurrent > 100_000)
    throw invalid('maxConcurrent', 'it is not a whole number from 1 to 100000')
  if (attest !== undefined && typeof attest !== 'function')
    throw invalid('attest', 'it is not a function')
  if (onRequest !== undefined && typeof onRequest !== 'function')
    throw invalid('onRequest', 'it is not a function')
  const chargesOf = compileBudgets(budgets ?? {})
  return {
    keys,
    policy,
    ledger,
    chargesOf,
    holdMs,
    timeoutMs,
    ledgerTimeoutMs,
    maxConcurrent,
    attest,
    onRequest,
  }
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
