/** What a deployed remote signer may sign, as plain JSON: read strictly, made into a service. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'
import { createPolicy, type PolicyRules } from '../policy/index.ts'
import type { Signer } from '../signers/signer.ts'
import {
  type Budgets,
  createSigningService,
  type Ledger,
  type RequestObserver,
  type SigningService,
} from '../signing-service/index.ts'

/** One key, the accounts it signs for, and the rules on what. */
export type SignerDocument = {
  /** The name that clients ask for. */
  readonly key: string
  readonly accounts: readonly string[]
  /** Whether it signs payloads. Default false. */
  readonly payload?: boolean
  /** Whether it signs envelopes. Default false. */
  readonly envelope?: boolean
  readonly policy: PolicyRules
  /** Needs a ledger. */
  readonly budgets?: Budgets
}

const known = ['key', 'accounts', 'payload', 'envelope', 'policy', 'budgets']

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function serviceOf(
  document: SignerDocument,
  parts: {
    readonly signer: Signer
    readonly ledger?: Ledger
    readonly onRequest?: RequestObserver
  },
): SigningService {
  assertKnownKeys(document, known)
  const { key, accounts, payload = false, envelope = false, policy, budgets } = document
  if (typeof key !== 'string')
    throw new SignerError('INVALID_OPTION', { option: 'key', reason: 'it is not a name' })
  const { signer, ...others } = parts
  return createSigningService({
    keys: { [key]: { signer, accounts, payload, envelope } },
    policy: createPolicy(policy),
    ...(budgets === undefined ? {} : { budgets }),
    ...others,
  })
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function parseDocument(text: string): SignerDocument {
  try {
    return JSON.parse(text) // checked by `serviceOf`
  } catch {
    const reason = 'it is not JSON'
    throw new SignerError('INVALID_OPTION', { option: 'document', reason })
  }
}
