/** The transaction that makes an account, and the address in what it emits. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { curves, hashCodes } from '../../crypto/algorithms.ts'
import type { TransactionPayload } from '../../crypto/transaction.ts'
import { eventField } from '../../flow/event-field.ts'
import type { TransactionEvent } from '../../flow/transactions.ts'
import type { CheckedAccountKey } from './account-keys.ts'

/** Raw values are those of Cadence: 1 and 2 for the curves, where the node says 2 and 3. */
const CADENCE = `
transaction(
    publicKeys: [String],
    signatureAlgorithms: [UInt8],
    hashAlgorithms: [UInt8],
    weights: [UFix64]
) {
    prepare(payer: auth(BorrowValue) &Account) {
        let account = Account(payer: payer)
        var index = 0
        while index < publicKeys.length {
            account.keys.add(
                publicKey: PublicKey(
                    publicKey: publicKeys[index].decodeHex(),
                    signatureAlgorithm: SignatureAlgorithm(rawValue: signatureAlgorithms[index])!
                ),
                hashAlgorithm: HashAlgorithm(rawValue: hashAlgorithms[index])!,
                weight: weights[index]
            )
            index = index + 1
        }
    }
}
`

/** The highest that the network takes. */
export const MAX_COMPUTE_LIMIT = 9_999

/**
 * About twice what the emulator measured: 304 with one key, 324 with two, 2,252 with a hundred. No
 * more, since a payer must own the fee for the limit and not for what is used.
 */
export function defaultComputeLimit(keyCount: number): number {
  return Math.min(600 + 40 * keyCount, MAX_COMPUTE_LIMIT)
}

/** The payer is the proposer and the only authorizer too. */
export function accountTransaction(options: {
  readonly keys: readonly CheckedAccountKey[]
  readonly referenceBlockId: Uint8Array
  readonly computeLimit: number
  readonly proposalKey: TransactionPayload['proposalKey']
}): TransactionPayload {
  const { keys, referenceBlockId, computeLimit, proposalKey } = options
  const uint8 = (value: number) => ({ type: 'UInt8', value: String(value) })
  return {
    cadence: CADENCE,
    arguments: [
      keys.map(({ publicKey }) => ({ type: 'String', value: publicKey })),
      keys.map(({ signatureAlgorithm }) => uint8(curves[signatureAlgorithm].cadenceRawValue)),
      keys.map(({ hashAlgorithm }) => uint8(hashCodes[hashAlgorithm])),
      keys.map(({ weight }) => ({ type: 'UFix64', value: `${weight}.0` })),
    ].map((value) => JSON.stringify({ type: 'Array', value })),
    referenceBlockId,
    computeLimit,
    proposalKey,
    payer: proposalKey.address,
    authorizers: [proposalKey.address],
  }
}

/**
 * @param events - Of a sealed transaction.
 * @returns The one new address, `0x` and 16 lower-case digits; `undefined` for any other number.
 */
export function createdAddress(events: readonly TransactionEvent[]): string | undefined {
  const created = events.filter(({ type }) => type === 'flow.AccountCreated')
  const [event] = created
  if (event === undefined || created.length !== 1) return undefined
  const address = eventField(event.payload, 'address')
  return typeof address === 'string' && /^0x[0-9a-f]{16}$/i.test(address)
    ? normalizeAddress(address)
    : undefined
}
