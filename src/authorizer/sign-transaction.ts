/** Signing a transaction that was not built by FCL. @module */

import { normalizeAddress } from '../crypto/address.ts'
import {
  encodeTransaction,
  envelopeMessage,
  payloadMessage,
  type Transaction,
  type TransactionSignature,
} from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import type { BoundKey } from './bound-account.ts'
import { choose, type Engine } from './engine.ts'
import { transactionFacts } from './observer.ts'
import { chooseKeys, chooseProposalKey, type Selection } from './selection.ts'
import { createSignOnce } from './sign-once.ts'
import type { SignedPart } from './voucher.ts'

/**
 * Adds the signatures of one account in all its roles. The payer signs last, since its signature
 * covers those of the payload.
 *
 * @param address - Normalised.
 * @param options - `since`: keys that were read before this moment are read again, by
 * `performance.now()`.
 * @returns A new transaction. Signatures of this account's chosen keys are replaced.
 * @throws {SignerError} `INVALID_OPTION` when the account has no role in the transaction, or would
 * change the payload's signatures after the payer has signed; `MALFORMED_TRANSACTION` for one that
 * cannot be encoded; those of the choice of keys and of the signers.
 */
export async function signTransaction(
  engine: Engine,
  address: string,
  transaction: Transaction,
  {
    signal,
    since,
    ...selection
  }: Selection & { readonly signal?: AbortSignal; readonly since?: number | undefined },
): Promise<Transaction> {
  assertReadable(transaction)
  const pays = normalizeAddress(transaction.payer) === address
  const authorizes = transaction.authorizers.some((one) => normalizeAddress(one) === address)
  const proposes = normalizeAddress(transaction.proposalKey.address) === address
  if (!(pays || authorizes || proposes))
    throw new SignerError('INVALID_OPTION', {
      option: 'address',
      reason: 'the account is neither proposer, payer nor authorizer of the transaction',
    })
  if (!pays && transaction.envelopeSignatures.length > 0)
    throw new SignerError('INVALID_OPTION', {
      option: 'transaction',
      reason:
        'its envelope is signed already, and that signature covers those of the payload; let the payer sign after all others',
    })
  const node = await engine.node(signal)
  const keys = await choose(engine, node, address, { reread: false, since, signal }, (account) => {
    const signing = pays || authorizes ? [...chooseKeys(account, selection)] : []
    const { keyIndex } = transaction.proposalKey
    const isOurs = selection.keyIndexes === undefined || account.held.has(keyIndex)
    // Keys that were named sign alone where another party holds the proposal key.
    if (proposes && isOurs && !signing.some((key) => key.keyIndex === keyIndex))
      signing.push(chooseProposalKey(account, { proposalKeyIndex: keyIndex }))
    return signing
  })
  const part: SignedPart = pays ? 'envelope' : 'payload'
  const message = pays ? envelopeMessage(transaction) : payloadMessage(transaction)
  const signOnce = createSignOnce(engine)
  const purpose = () =>
    ({ kind: 'transaction', transaction: transactionFacts(transaction, part) }) as const
  const signatures = await Promise.all(
    keys.map(async (key) => ({
      address,
      keyIndex: key.keyIndex,
      signature: await signOnce(key, message, purpose, signal),
    })),
  )
  engine.directory.noteSigned(node, transaction.proposalKey)
  return pays
    ? {
        ...transaction,
        envelopeSignatures: merge(transaction.envelopeSignatures, signatures, keys),
      }
    : { ...transaction, payloadSignatures: merge(transaction.payloadSignatures, signatures, keys) }
}

/** Encoded once as a whole: what is wrong with it is told before a key is asked for anything. */
function assertReadable(transaction: Transaction): void {
  encodeTransaction(transaction)
}

function merge(
  before: readonly TransactionSignature[],
  added: readonly TransactionSignature[],
  keys: readonly BoundKey[],
): readonly TransactionSignature[] {
  const replaced = (entry: TransactionSignature) =>
    keys.some((key) => key.address === entry.address && key.keyIndex === entry.keyIndex)
  return [...before.filter((entry) => !replaced(entry)), ...added]
}
