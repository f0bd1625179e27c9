/** FCL's voucher, read strictly: what will be sent decides what is signed. @module */

import { normalizeAddress } from '../crypto/address.ts'
import { equalBytes } from '../crypto/bytes.ts'
import { hexToBytes } from '../crypto/hex.ts'
import {
  envelopeMessage,
  payloadMessage,
  type Transaction,
  type TransactionSignature,
} from '../crypto/transaction.ts'
import { MAX_TRANSACTION_BYTES } from '../crypto/transaction-decoding.ts'
import { SignerError } from '../errors.ts'
import type { FclSignable } from './fcl-types.ts'

/** Payer keys sign the envelope, all others the payload. */
export type SignedPart = 'payload' | 'envelope'

/** What is about to be signed, computed here from the transaction itself. */
export type CheckedMessage = {
  readonly message: Uint8Array
  readonly part: SignedPart
  readonly transaction: Transaction
  /** The keys that sign this part. */
  readonly slots: readonly KeySlot[]
  /** The keys that sign the envelope. */
  readonly envelope: readonly KeySlot[]
}

/** A key of an account, as a transaction names it. */
export type KeySlot = { readonly address: string; readonly keyIndex: number }

/**
 * Recomputes the message from the voucher and compares it with the one FCL asks to sign.
 *
 * @throws {SignerError} `MESSAGE_MISMATCH`, `MALFORMED_TRANSACTION`, `MALFORMED_HEX`.
 */
export function checkSignable(
  signable: FclSignable,
  address: string,
  keyIndex: number,
): CheckedMessage {
  const mismatch = (reason: string) =>
    new SignerError('MESSAGE_MISMATCH', { address, keyIndex, reason })
  if (typeof signable !== 'object' || signable === null) throw mismatch('there is no signable')
  const asked = hexToBytes(signable.message, 'message')
  if (asked.length > MAX_TRANSACTION_BYTES) throw mismatch('it is larger than a transaction can be')
  const { transaction, signers } = readVoucher(signable.voucher)
  const isOurs = (entry: { address: string; keyIndex: number }) =>
    entry.address === address && entry.keyIndex === keyIndex
  const part = signers.envelope.some(isOurs)
    ? 'envelope'
    : signers.payload.some(isOurs)
      ? 'payload'
      : undefined
  if (part === undefined) throw mismatch('the key is not among those that sign')
  const message = part === 'envelope' ? envelopeMessage(transaction) : payloadMessage(transaction)
  if (!equalBytes(message, asked)) throw mismatch(`it is not the ${part} of the transaction`)
  return { message, part, transaction, slots: signers[part], envelope: signers.envelope }
}

type Slot = { readonly address: string; readonly keyIndex: number; readonly signature: unknown }

function readVoucher(voucher: unknown): {
  transaction: Transaction
  signers: { payload: readonly Slot[]; envelope: readonly Slot[] }
} {
  const fields = record(voucher, 'voucher')
  const proposal = record(fields['proposalKey'], 'proposalKey')
  const payload = list(fields['payloadSigs'], 'payloadSigs').map(slot)
  const envelope = list(fields['envelopeSigs'], 'envelopeSigs').map(slot)
  const transaction: Transaction = {
    cadence: text(fields['cadence'], 'cadence'),
    arguments: list(fields['arguments'], 'arguments').map((argument) => json(argument)),
    referenceBlockId: block(fields['refBlock']),
    computeLimit: count(fields['computeLimit'], 'computeLimit'),
    proposalKey: {
      address: normalizeAddress(text(proposal['address'], 'proposalKey.address')),
      keyIndex: count(proposal['keyId'], 'proposalKey.keyId'),
      sequenceNumber: BigInt(count(proposal['sequenceNum'], 'proposalKey.sequenceNum')),
    },
    payer: normalizeAddress(text(fields['payer'], 'payer')),
    authorizers: list(fields['authorizers'], 'authorizers').map((address) =>
      normalizeAddress(text(address, 'authorizer')),
    ),
    payloadSignatures: payload.flatMap(signed),
    envelopeSignatures: envelope.flatMap(signed),
  }
  return { transaction, signers: { payload, envelope } }
}

function slot(value: unknown): Slot & { readonly extension: unknown } {
  const fields = record(value, 'signature')
  return {
    address: normalizeAddress(text(fields['address'], 'signature.address')),
    keyIndex: count(fields['keyId'], 'signature.keyId'),
    signature: fields['sig'],
    extension: fields['extensionData'],
  }
}

/** Slots that are not signed yet are null or undefined; an envelope is asked for once all are. */
function signed(entry: Slot & { readonly extension: unknown }): readonly TransactionSignature[] {
  const { address, keyIndex, signature, extension } = entry
  if (signature === null || signature === undefined) return []
  const bytes = hexToBytes(text(signature, 'signature.sig'), 'signature.sig')
  if (extension === null || extension === undefined)
    return [{ address, keyIndex, signature: bytes }]
  const extensionData = hexToBytes(text(extension, 'extensionData'), 'extensionData')
  return [{ address, keyIndex, signature: bytes, extensionData }]
}

const malformed = (name: string) =>
  new SignerError('MALFORMED_TRANSACTION', { reason: `no usable ${name}` })

function record(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(name)
  return { ...value }
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(name)
  return value
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw malformed(name)
  return value
}

function count(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed(name)
  return value
}

function block(value: unknown): Uint8Array {
  const bytes = hexToBytes(text(value, 'refBlock'), 'refBlock')
  if (bytes.length !== 32) throw malformed('refBlock')
  return bytes
}

function json(value: unknown): string {
  const encoded = JSON.stringify(value)
  if (encoded === undefined) throw malformed('argument')
  return encoded
}
