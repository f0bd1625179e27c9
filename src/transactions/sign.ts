/** One party's signatures on a transaction that somebody else prepared. @module */

import { choose, type Engine } from '../authorizer/engine.ts'
import { engineOf, type KmsAuthorizer } from '../authorizer/kms-authorizer.ts'
import { chooseKeys, type Selection } from '../authorizer/selection.ts'
import { normalizeAddress } from '../crypto/address.ts'
import {
  signerAddresses,
  type Transaction,
  type TransactionPayload,
} from '../crypto/transaction.ts'
import { isSignerError, SignerError } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'
import { assertKnownKeys, assertSignal } from '../options.ts'
import { assertNotExpired } from './expiry.ts'
import { checkedTransaction, invalid } from './options.ts'
import { missingOf } from './parties.ts'
import { assertNumberIsDue, readReview } from './review.ts'
import { partOf } from './signed-part.ts'

/** Options of `signTransaction`. */
export type SignTransactionOptions = {
  /** It knows the access node, and holds keys of the account. */
  readonly authorizer: KmsAuthorizer
  /** The account that signs: proposer, payer or authorizer. */
  readonly address: string
  readonly transaction: Transaction
  /** Sign with exactly these keys of the account. */
  readonly keyIndexes?: number | readonly number[]
  /**
   * Sign with all keys held when they do not reach 1,000, since others hold the rest. Default false:
   * `WEIGHT_TOO_LOW`.
   */
  readonly partial?: boolean
  /** Throws unless the transaction may be signed, such as one of `createPolicy`. Returns nothing. */
  readonly policy?: (transaction: TransactionPayload) => void | Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Looks before it signs: the policy, the reference block, the sequence number and every signature that is
 * there. The payer signs when nothing is missing in the payload, since its signature covers those.
 *
 * @returns The transaction with the signatures of this account added. Nothing is sent.
 * @throws {SignerError} `POLICY_REFUSED`, `POLICY_FAILED` when the policy says something else than
 * nothing; `SIGNATURES_MISSING`, `SEQUENCE_NUMBER_MISMATCH`, `TRANSACTION_EXPIRED`; those of
 * `approveTransaction` and of `KmsAuthorizer.signTransaction`.
 */
export async function signTransaction(options: SignTransactionOptions): Promise<Transaction> {
  assertKnownKeys(options, optionNames)
  const { authorizer, policy, partial = false, keyIndexes, signal } = options
  assertSignal(signal)
  const engine = engineOf(authorizer)
  const address = normalizeAddress(options.address)
  const transaction = checkedTransaction(options.transaction)
  if (typeof partial !== 'boolean') throw invalid('partial', 'it is neither true nor false')
  if (!signerAddresses(transaction).includes(address))
    throw invalid('address', 'the account is neither proposer, payer nor authorizer')
  await assertAllowed(policy, transaction)
  const node = await engine.node(signal)
  await assertWorthSigning(node, transaction, address, signal)
  const selection = {
    ...(keyIndexes === undefined ? {} : { keyIndexes }),
    ...(signal === undefined ? {} : { signal }),
  }
  const indexes =
    keyIndexes === undefined && partial
      ? await heldIndexes(engine, node, transaction, address, signal)
      : undefined
  return authorizer.signTransaction(address, transaction, {
    ...selection,
    ...(indexes === undefined ? {} : { keyIndexes: indexes }),
  })
}

const optionNames: readonly (keyof SignTransactionOptions)[] = [
  'authorizer',
  'address',
  'transaction',
  'keyIndexes',
  'partial',
  'policy',
  'signal',
]

/** Only nothing lets sign: a policy that answers by a value would otherwise be passed over. */
async function assertAllowed(
  policy: SignTransactionOptions['policy'],
  transaction: Transaction,
): Promise<void> {
  if (policy === undefined) return
  if (typeof policy !== 'function') throw invalid('policy', 'it is not a function')
  let said: unknown
  try {
    said = await policy(transaction)
  } catch (thrown) {
    if (isSignerError(thrown)) throw thrown
    throw new SignerError('POLICY_FAILED', { reason: 'it threw' }, { cause: thrown })
  }
  if (said !== undefined)
    throw new SignerError('POLICY_FAILED', { reason: `it returned a ${typeof said}` })
}

async function assertWorthSigning(
  node: NodeConnection,
  transaction: Transaction,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { parties, expiry, sequenceNumber } = await readReview(node, transaction, { signal })
  assertNotExpired(transaction, expiry)
  if (sequenceNumber > transaction.proposalKey.sequenceNumber)
    assertNumberIsDue(transaction, sequenceNumber)
  if (partOf(transaction, address) === 'payload') return
  const missing = missingOf(parties.filter(({ part }) => part === 'payload'))
  if (missing !== '') throw new SignerError('SIGNATURES_MISSING', { missing })
}

/** @returns `undefined` when the keys held reach the weight: then the fewest sign. */
async function heldIndexes(
  engine: Engine,
  node: NodeConnection,
  { proposalKey }: Transaction,
  address: string,
  signal: AbortSignal | undefined,
): Promise<readonly number[] | undefined> {
  const all: Selection = {}
  return choose(engine, node, address, { reread: false, signal }, (account) => {
    try {
      chooseKeys(account, all)
      return undefined
    } catch (thrown) {
      const isPart = isSignerError(thrown, 'WEIGHT_TOO_LOW') || isSignerError(thrown, 'KEY_ROTATED')
      if (!isPart) throw thrown
      const proposes = normalizeAddress(proposalKey.address) === address
      const held = [...account.held.values()].filter(
        (key) => key.weight > 0 || (proposes && key.keyIndex === proposalKey.keyIndex),
      )
      if (held.length === 0) throw thrown
      return held.map(({ keyIndex }) => keyIndex)
    }
  })
}
