/** RLP bytes back to a transaction, strictly. @module */

import { RLP } from '@ethereumjs/rlp'
import { SignerError } from '../errors.ts'
import { equalBytes } from './bytes.ts'
import { bytesToHex } from './hex.ts'
import { bytesToScalar } from './scalars.ts'
import {
  encodeTransaction,
  signerAddresses,
  type Transaction,
  type TransactionPayload,
  type TransactionSignature,
} from './transaction.ts'

/** The largest transaction that a node accepts. flow-go `model/flow/constants.go`. */
export const MAX_TRANSACTION_BYTES = 1_500_000

type Item = Uint8Array | Item[]

/**
 * Reads what `encodeTransaction` and the Flow CLI write. Strict: encoding the result again gives
 * the same bytes, so numbers with leading zeros, invalid UTF-8, unordered signatures and trailing
 * bytes are refused.
 *
 * @param bytes - Up to 1,500,000. Neither modified nor retained.
 * @throws {SignerError} `MALFORMED_TRANSACTION`.
 */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) throw malformed('it is larger than 1,500,000 bytes')
  const [payload, payloadSignatures, envelopeSignatures] = fields(decodeRlp(bytes), 3, 'outer list')
  const body = decodePayload(payload)
  const transaction: Transaction = {
    ...body,
    payloadSignatures: decodeSignatures(body, payloadSignatures),
    envelopeSignatures: decodeSignatures(body, envelopeSignatures),
  }
  if (!equalBytes(encodeTransaction(transaction), bytes)) throw malformed('it is not canonical')
  return transaction
}

function decodeRlp(bytes: Uint8Array): Item {
  try {
    return RLP.decode(bytes)
  } catch (cause) {
    throw malformed('it is not RLP', cause)
  }
}

function decodePayload(item: Item | undefined): TransactionPayload {
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

function decodeSignatures(
  body: TransactionPayload,
  item: Item | undefined,
): readonly TransactionSignature[] {
  const signers = signerAddresses(body)
  return list(item, 'signatures').map((entry) => {
    const parts = list(entry, 'signature')
    const [index, keyIndex, signature, extensionData] = parts
    const signer = signers[safeNumber(index)]
    if (signer === undefined || parts.length < 3 || parts.length > 4)
      throw malformed('a signature of an account that does not sign')
    return {
      address: signer,
      keyIndex: safeNumber(keyIndex),
      signature: sized(signature, undefined, 'signature'),
      ...(parts.length === 4
        ? { extensionData: sized(extensionData, undefined, 'extension') }
        : {}),
    }
  })
}

const malformed = (reason: string, cause?: unknown) =>
  new SignerError('MALFORMED_TRANSACTION', { reason }, { cause })

function list(item: Item | undefined, name: string): Item[] {
  if (!Array.isArray(item)) throw malformed(`${name}: not a list`)
  return item
}

function fields(item: Item | undefined, count: number, name: string): Item[] {
  const items = list(item, name)
  if (items.length !== count) throw malformed(`${name}: ${items.length} fields, not ${count}`)
  return items
}

function sized(item: Item | undefined, byteLength: number | undefined, name: string): Uint8Array {
  if (!(item instanceof Uint8Array)) throw malformed(`${name}: not bytes`)
  if (byteLength !== undefined && item.length !== byteLength)
    throw malformed(`${name}: ${item.length} bytes, not ${byteLength}`)
  return item.slice()
}

const address = (item: Item | undefined) => `0x${bytesToHex(sized(item, 8, 'address'))}`

function text(item: Item | undefined): string {
  try {
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    return utf8.decode(sized(item, undefined, 'text'))
  } catch (cause) {
    throw malformed('a text that is not UTF-8', cause)
  }
}

function safeNumber(item: Item | undefined): number {
  const bytes = sized(item, undefined, 'number')
  const value = bytes.length > 8 ? undefined : bytesToScalar(bytes)
  if (value === undefined || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw malformed('a number out of range')
  return Number(value)
}
