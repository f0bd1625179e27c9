/** The transaction that copies a key of an account at weight 0, and the indexes in what it emits. @module */

import type { TransactionPayload } from '../../crypto/transaction.ts'
import { eventField } from '../../flow/event-field.ts'
import type { TransactionEvent } from '../../flow/transactions.ts'
import { MAX_COMPUTE_LIMIT } from '../accounts/transaction.ts'

/** `cadence/transactions/add-proposal-keys.cdc` without its comment. No argument is a weight. */
const CADENCE = String.raw`
transaction(keyIndex: Int, publicKey: String, count: Int) {
    prepare(signer: auth(AddKey) &Account) {
        if count < 1 {
            panic("ProposalKeys.InvalidCount: at least 1 key is added, not \(count)")
        }
        let key = signer.keys.get(keyIndex: keyIndex)
            ?? panic("ProposalKeys.NotTheKey: account \(signer.address) has no key \(keyIndex)")
        if key.isRevoked {
            panic("ProposalKeys.NotTheKey: key \(keyIndex) of account \(signer.address) is revoked")
        }
        if String.encodeHex(key.publicKey.publicKey) != publicKey {
            panic("ProposalKeys.NotTheKey: key \(keyIndex) of account \(signer.address) has another public key")
        }
        var added = 0
        while added < count {
            let copy = signer.keys.add(
                publicKey: key.publicKey,
                hashAlgorithm: key.hashAlgorithm,
                weight: 0.0
            )
            if copy.weight != 0.0 {
                panic("ProposalKeys.Weighted: key \(copy.keyIndex) weighs \(copy.weight)")
            }
            added = added + 1
        }
    }
}
`

/**
 * Keys in one transaction. What ends first is room for events, 256,000 bytes at 376 a key; the
 * result of a transaction of 250, which is asked for until it is sealed, has 0.9 MB.
 */
const MAX_BATCH = 250

/** @returns The sizes of the transactions that add this many keys. */
export function batchesOf(count: number): readonly number[] {
  const batches = Math.ceil(count / MAX_BATCH)
  return Array.from({ length: batches }, (_, index) =>
    Math.min(MAX_BATCH, count - index * MAX_BATCH),
  )
}

/**
 * About twice what the emulator measured, however many keys there are already: 40 for one, 987 for a
 * hundred, 2,421 for 250. No more, since a payer must own the fee for the limit.
 */
export function batchComputeLimit(count: number): number {
  return Math.min(100 + 20 * count, MAX_COMPUTE_LIMIT)
}

/** The account is proposer, payer and the only authorizer. */
export function proposalKeysTransaction(options: {
  /** The key to copy. */
  readonly key: { readonly index: number; readonly publicKey: string }
  readonly count: number
  readonly referenceBlockId: Uint8Array
  readonly computeLimit: number
  readonly proposalKey: TransactionPayload['proposalKey']
}): TransactionPayload {
  const { key, count, referenceBlockId, computeLimit, proposalKey } = options
  return {
    cadence: CADENCE,
    arguments: [
      { type: 'Int', value: String(key.index) },
      { type: 'String', value: key.publicKey },
      { type: 'Int', value: String(count) },
    ].map((value) => JSON.stringify(value)),
    referenceBlockId,
    computeLimit,
    proposalKey,
    payer: proposalKey.address,
    authorizers: [proposalKey.address],
  }
}

/**
 * @param events - Of a sealed transaction.
 * @returns The indexes of the keys it added; `undefined` for any other number than `count`.
 */
export function addedKeyIndexes(
  events: readonly TransactionEvent[],
  count: number,
): readonly number[] | undefined {
  const indexes = events.flatMap(({ type, payload }) => {
    const index = type === 'flow.AccountKeyAdded' ? eventField(payload, 'keyIndex') : undefined
    return typeof index === 'string' && /^\d{1,10}$/.test(index) ? [Number(index)] : []
  })
  return new Set(indexes).size === count ? indexes : undefined
}
