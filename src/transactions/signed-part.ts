/** Who signs which message of a transaction. @module */

import type { SignedPart } from '../authorizer/voucher.ts'
import { normalizeAddress } from '../crypto/address.ts'
import {
  envelopeMessage,
  payloadMessage,
  signerAddresses,
  type Transaction,
  type TransactionPayload,
} from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'

/**
 * What a party signs: proposer and authorizers the payload; the payer the envelope, last and for all
 * its roles.
 */
export type MessageToSign = {
  readonly part: SignedPart
  /** The domain tag, then RLP. Not hashed: which hash it takes is a matter of the account key. */
  readonly message: Uint8Array
}

/** @param address - Normalised. */
export const partOf = (transaction: TransactionPayload, address: string): SignedPart =>
  normalizeAddress(transaction.payer) === address ? 'envelope' : 'payload'

/**
 * The bytes to be signed, for a party that signs by other means: hash them by the hash algorithm of
 * the account key, sign, and hand back r‖s.
 *
 * @throws {SignerError} `INVALID_OPTION` when the account has no role in the transaction;
 * `INVALID_ADDRESS`, `MALFORMED_TRANSACTION`.
 */
export function messageToSign(transaction: Transaction, address: string): MessageToSign {
  const normal = normalizeAddress(address)
  if (!signerAddresses(transaction).includes(normal))
    throw new SignerError('INVALID_OPTION', {
      option: 'address',
      reason: 'the account is neither proposer, payer nor authorizer of the transaction',
    })
  const part = partOf(transaction, normal)
  return { part, message: messageOf(transaction, part) }
}

/** @returns With the domain tag. */
export const messageOf = (transaction: Transaction, part: SignedPart): Uint8Array =>
  part === 'envelope' ? envelopeMessage(transaction) : payloadMessage(transaction)
