/** The transaction that makes an account for each of several keys, and their addresses. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { curves, hashCodes } from '../../crypto/algorithms.ts'
import type { TransactionPayload } from '../../crypto/transaction.ts'
import { eventField } from '../../flow/event-field.ts'
import type { TransactionEvent } from '../../flow/transactions.ts'
import { MAX_COMPUTE_LIMIT } from '../accounts/transaction.ts'
import type { WalletKey } from './book.ts'

/** Each account has its key once, at weight 1,000. Raw values are those of Cadence. */
const CADENCE = `
transaction(publicKeys: [String], signatureAlgorithms: [UInt8], hashAlgorithms: [UInt8]) {
    prepare(payer: auth(BorrowValue) &Account) {
        var index = 0
        while index < publicKeys.length {
            let account = Account(payer: payer)
            account.keys.add(
                publicKey: PublicKey(
                    publicKey: publicKeys[index].decodeHex(),
                    signatureAlgorithm: SignatureAlgorithm(rawValue: signatureAlgorithms[index])!
                ),
                hashAlgorithm: HashAlgorithm(rawValue: hashAlgorithms[index])!,
                weight: 1000.0
            )
            index = index + 1
        }
    }
}
`

/**
 * Accounts in one transaction. The emulator measured 300 for the first and 272 for each more, so that
 * the compute limit of the network ends at 36; their 14 events each, 7 kB, still have room then.
 */
export const MAX_BATCH = 30
export const DEFAULT_BATCH = 25

/** A third more than is used. A payer must own the fee for the limit, not for what is used. */
export const batchComputeLimit = (count: number): number =>
  Math.min(200 + 400 * count, MAX_COMPUTE_LIMIT)

/** The payer is the proposer and the only authorizer too. */
export function walletsTransaction(options: {
  readonly keys: readonly WalletKey[]
  readonly referenceBlockId: Uint8Array
  readonly proposalKey: TransactionPayload['proposalKey']
}): TransactionPayload {
  const { keys, referenceBlockId, proposalKey } = options
  const uint8 = (value: number) => ({ type: 'UInt8', value: String(value) })
  return {
    cadence: CADENCE,
    arguments: [
      keys.map(({ publicKey }) => ({ type: 'String', value: publicKey })),
      keys.map(({ signatureAlgorithm }) => uint8(curves[signatureAlgorithm].cadenceRawValue)),
      keys.map(({ hashAlgorithm }) => uint8(hashCodes[hashAlgorithm])),
    ].map((value) => JSON.stringify({ type: 'Array', value })),
    referenceBlockId,
    computeLimit: batchComputeLimit(keys.length),
    proposalKey,
    payer: proposalKey.address,
    authorizers: [proposalKey.address],
  }
}

/** @returns The new addresses, `0x` and 16 lower-case digits each, in the order of the events. */
export function createdAddresses(events: readonly TransactionEvent[]): readonly string[] {
  return events.flatMap(({ type, payload }) => {
    const address = type === 'flow.AccountCreated' ? eventField(payload, 'address') : undefined
    const isAddress = typeof address === 'string' && /^0x[0-9a-f]{16}$/i.test(address)
    return isAddress ? [normalizeAddress(address)] : []
  })
}
