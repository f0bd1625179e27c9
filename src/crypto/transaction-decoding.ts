/** RLP bytes back to a transaction, strictly. @module */

import { equalBytes } from './bytes.ts'
import { bytesToHex } from './hex.ts'
import { decodeRlp, type RlpItem, rlpItems } from './rlp.ts'
import { bytesToScalar } from './scalars.ts'
import {
  encodeTransaction,
  signerAddresses,
  type Transaction,
  type TransactionPayload,
  type TransactionSignature,
} from './transaction.ts'
import { MAX_LIST_ITEMS, malformedTransaction } from './transaction-fields.ts'

/** The largest transaction that a node accepts. flow-go `model/flow/constants.go`. */
export const MAX_TRANSACTION_BYTES = 1_500_000

/**
 * Reads what `encodeTransaction` and the Flow CLI write. Strict: encoding the result again gives
 * the same bytes, so numbers with leading zeros, invalid UTF-8, unordered signatures and trailing
 * bytes are refused.
 *
 * @param bytes - Up to 1,500,000. Neither modified nor retained.
 * @throws {SignerError} `MALFORMED_TRANSACTION`.
 */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  if (!(bytes instanceof Uint8Array)) throw malformedTransaction('it is not a Uint8Array')
  if (bytes.length > MAX_TRANSACTION_BYTES)
    throw malformedTransaction('it is larger than 1,500,000 bytes')
  const [payload, payloadSignatures, envelopeSignatures] = fields(decodeRlp(bytes), 3, 'outer list')
  const body = decodePayload(payload)
  const transaction: Transaction = {
    ...body,
    payloadSignatures: decodeSignatures(body, payloadSignatures),
    envelopeSignatures: decodeSignatures(body, envelopeSignatures),
  }
  if (!equalBytes(encodeTransaction(transaction), bytes))
    throw malformedTransaction('it is not canonical')
  return transaction
}

/** Whether encoding it again gives the same bytes is the caller's to look at. */
export function decodePayload(item: RlpItem | undefined): TransactionPayload {
  const [cadence, args, block, limit, proposer, keyIndex, sequence, payer, authorizers] = fields(
    item,
    9,
    'payload',
  )
  return {
    cadence: text(cadence),
    arguments: list(args, 'arguments').map(text),
    referenceBlockId: sized(block, 32, 'reference block'),
    computeLimit: safeNumber(limit),
    proposalKey: {
      address: address(proposer),
      keyIndex: safeNumber(keyIndex),
      sequenceNumber: bytesToScalar(sized(sequence, undefined, 'sequence number')),
    },
    payer: address(payer),
    authorizers: list(authorizers, 'authorizers').map(address),
  }
}

/** As `decodePayload`. */
export function decodeSignatures(
  body: TransactionPayload,
  item: RlpItem | undefined,
): readonly TransactionSignature[] {
  const signers = signerAddresses(body)
  return list(item, 'signatures').map((entry) => {
    const parts = list(entry, 'signature', 4)
    const [index, keyIndex, signature, extensionData] = parts
    const signer = signers[safeNumber(index)]
    if (signer === undefined || parts.length < 3)
      throw malformedTransaction('a signature of an account that does not sign')
    return {
      address: signer,
      keyIndex: safeNumber(keyIndex),
      signature: sized(signature, 64, 'signature'),
      ...(parts.length === 4
        ? { extensionData: sized(extensionData, undefined, 'extension') }
        : {}),
    }
  })
}

function list(
  item: RlpItem | undefined,
  name: string,
  max: number = MAX_LIST_ITEMS,
): readonly RlpItem[] {
  const items = item?.isList === true ? rlpItems(item, max) : undefined
  if (items === undefined) throw malformedTransaction(`${name}: not a list of at most ${max}`)
  return items
}

/** @throws {SignerError} `MALFORMED_TRANSACTION` unless it is a list of exactly `count`. */
export function fields(item: RlpItem | undefined, count: number, name: string): readonly RlpItem[] {
  const items = list(item, name, count)
  if (items.length !== count)
    throw malformedTransaction(`${name}: ${items.length} fields, not ${count}`)
  return items
}

function sized(
  item: RlpItem | undefined,
  byteLength: number | undefined,
  name: string,
): Uint8Array {
  if (item === undefined || item.isList) throw malformedTransaction(`${name}: not bytes`)
  const { content } = item
  if (byteLength !== undefined && content.length !== byteLength)
    throw malformedTransaction(`${name}: ${content.length} bytes, not ${byteLength}`)
  return content.slice()
}

const address = (item: RlpItem | undefined) => `0x${bytesToHex(sized(item, 8, 'address'))}`

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function text(item: RlpItem | undefined): string {
  try {
    return utf8.decode(sized(item, undefined, 'text'))
  } catch (cause) {
    throw malformedTransaction('a text that is not UTF-8', cause)
  }
}

function safeNumber(item: RlpItem | undefined): number {
  const bytes = sized(item, undefined, 'number')
  const value = bytes.length > 8 ? undefined : bytesToScalar(bytes)
  if (value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw malformedTransaction('a number out of range')
  return Number(value)
}
