/** A Flow transaction as data, and the bytes that are signed, sent and hashed. @module */

import { RLP } from '@ethereumjs/rlp'
import { addressToBytes, normalizeAddress } from './address.ts'
import { withDomainTag } from './domain-tags.ts'
import { hashMessage } from './hash.ts'
import { bytesToHex } from './hex.ts'
import {
  checkedBytes,
  checkedFields,
  checkedList,
  checkedNumber,
  checkedText,
  checkedUint64,
  malformedTransaction,
} from './transaction-fields.ts'

/** One signature of one account key. */
export type TransactionSignature = {
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  readonly keyIndex: number
  /** 64 bytes, r‖s. */
  readonly signature: Uint8Array
  /** Present only for other schemes than plain ECDSA (FLIP 264); ours never set it. */
  readonly extensionData?: Uint8Array
}

/** What all signers agree on. Addresses are `0x` and 16 lower-case digits. */
export type TransactionPayload = {
  /** Cadence source text. */
  readonly cadence: string
  /** JSON-Cadence, one text per argument, exactly as it is sent. */
  readonly arguments: readonly string[]
  /** 32 bytes. */
  readonly referenceBlockId: Uint8Array
  readonly computeLimit: number
  readonly proposalKey: {
    readonly address: string
    readonly keyIndex: number
    readonly sequenceNumber: bigint
  }
  readonly payer: string
  readonly authorizers: readonly string[]
}

/** A transaction with the signatures it has so far. */
export type Transaction = TransactionPayload & {
  readonly payloadSignatures: readonly TransactionSignature[]
  readonly envelopeSignatures: readonly TransactionSignature[]
}

// All of the functions below throw `MALFORMED_TRANSACTION` for a field that cannot be encoded, and
// `INVALID_ADDRESS`: nothing is signed that a node would read otherwise.

type Rlp = Uint8Array | number | bigint | Rlp[]

/** @returns What proposer and authorizers sign: the domain tag, then RLP of the payload. */
export function payloadMessage(transaction: TransactionPayload): Uint8Array {
  return withDomainTag('transaction', RLP.encode(payloadFields(transaction)))
}

/** @returns What the payer signs: the domain tag, then RLP of payload and payload signatures. */
export function envelopeMessage(transaction: Transaction): Uint8Array {
  const payload = payloadFields(transaction)
  const signatures = signatureFields(transaction, transaction.payloadSignatures)
  return withDomainTag('transaction', RLP.encode([payload, signatures]))
}

/** @returns The whole transaction in RLP, as the Flow CLI and flow-go-sdk read and write it. */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  return RLP.encode([
    payloadFields(transaction),
    signatureFields(transaction, transaction.payloadSignatures),
    signatureFields(transaction, transaction.envelopeSignatures),
  ])
}

/**
 * It covers the signatures: signing again makes another id.
 *
 * @returns 64 lower-case hexadecimal digits.
 */
export function transactionId(transaction: Transaction): string {
  return bytesToHex(hashMessage(encodeTransaction(transaction), 'SHA3_256'))
}

/** Proposer, payer, authorizers, each once: the index of a signature's account in this list is encoded. */
export function signerAddresses(transaction: TransactionPayload): readonly string[] {
  const { proposalKey, payer, authorizers } = checkedFields(transaction, 'transaction')
  checkedFields(proposalKey, 'proposal key')
  checkedList(authorizers, 'authorizers')
  return [...new Set([proposalKey.address, payer, ...authorizers].map(normalizeAddress))]
}

function payloadFields(transaction: TransactionPayload): Rlp[] {
  const { proposalKey } = checkedFields(transaction, 'transaction')
  checkedFields(proposalKey, 'proposal key')
  const list = checkedList
  return [
    checkedText(transaction.cadence, 'cadence'),
    list(transaction.arguments, 'arguments').map((one) => checkedText(one, 'argument')),
    checkedBytes(transaction.referenceBlockId, 32, 'reference block'),
    checkedNumber(transaction.computeLimit, 'compute limit'),
    addressToBytes(proposalKey.address),
    checkedNumber(proposalKey.keyIndex, 'key index'),
    checkedUint64(proposalKey.sequenceNumber, 'sequence number'),
    addressToBytes(transaction.payer),
    list(transaction.authorizers, 'authorizers').map(addressToBytes),
  ]
}

function signatureFields(
  transaction: TransactionPayload,
  signatures: readonly TransactionSignature[],
): Rlp[] {
  const signers = new Map(signerAddresses(transaction).map((address, index) => [address, index]))
  return checkedList(signatures, 'signatures')
    .map((entry) => {
      const { address, keyIndex, signature, extensionData } = checkedFields(entry, 'signature')
      const signerIndex = signers.get(normalizeAddress(address))
      checkedNumber(keyIndex, 'key index of a signature')
      checkedBytes(signature, 64, 'signature')
      if (extensionData !== undefined && !(extensionData instanceof Uint8Array))
        throw malformedTransaction('extension of a signature: not bytes')
      if (signerIndex === undefined)
        throw malformedTransaction('a signature of an account that does not sign')
      return { ...entry, signerIndex }
    })
    .sort((a, b) => a.signerIndex - b.signerIndex || a.keyIndex - b.keyIndex)
    .map(({ signerIndex, keyIndex, signature, extensionData }) => [
      signerIndex,
      keyIndex,
      signature,
      ...(extensionData === undefined ? [] : [extensionData]),
    ])
}
