/** A transaction as JSON that people can read: the same facts as its RLP, each once. @module */

import { normalizeAddress } from '../crypto/address.ts'
import { bytesToHex, hexToBytes } from '../crypto/hex.ts'
import {
  encodeTransaction,
  type Transaction,
  type TransactionSignature,
} from '../crypto/transaction.ts'
import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { malformedTransaction } from '../crypto/transaction-fields.ts'
import { parseStrictJson } from '../policy/strict-json.ts'

const FORMAT = 'fcl-kms-transaction'
const VERSION = 1

/** @returns Indented, with a line end. The arguments stay the texts that are signed. */
export function transactionToJson(transaction: Transaction): string {
  const { proposalKey } = transaction
  const value = {
    format: FORMAT,
    version: VERSION,
    cadence: transaction.cadence,
    arguments: transaction.arguments,
    referenceBlockId: bytesToHex(transaction.referenceBlockId),
    computeLimit: transaction.computeLimit,
    proposalKey: { ...proposalKey, sequenceNumber: String(proposalKey.sequenceNumber) },
    payer: transaction.payer,
    authorizers: transaction.authorizers,
    payloadSignatures: transaction.payloadSignatures.map(signatureToJson),
    envelopeSignatures: transaction.envelopeSignatures.map(signatureToJson),
  }
  return `${JSON.stringify(value, null, 2)}\n`
}

const signatureToJson = ({
  address,
  keyIndex,
  signature,
  extensionData,
}: TransactionSignature) => ({
  address,
  keyIndex,
  signature: bytesToHex(signature),
  ...(extensionData === undefined ? {} : { extensionData: bytesToHex(extensionData) }),
})

/**
 * Strict: every field once, none that is unknown, and no text that UTF-8 cannot hold.
 *
 * @throws {SignerError} `MALFORMED_TRANSACTION`.
 */
export function transactionFromJson(text: string): Transaction {
  const parsed = parseStrictJson(text)
  if (parsed.reason !== undefined) throw malformedTransaction(parsed.reason)
  const { format, version, ...fields } = objectOf(parsed.value, 'transaction', fieldNames)
  if (format !== FORMAT) throw malformedTransaction(`format: it is not ${FORMAT}`)
  if (version !== VERSION) throw malformedTransaction(`version: it is not ${VERSION}`)
  const key = objectOf(fields['proposalKey'], 'proposalKey', keyNames)
  const read: Transaction = {
    cadence: textOf(fields['cadence'], 'cadence'),
    arguments: listOf(fields['arguments'], 'arguments').map((one) => textOf(one, 'arguments')),
    referenceBlockId: bytesOf(fields['referenceBlockId'], 'referenceBlockId'),
    computeLimit: numberOf(fields['computeLimit'], 'computeLimit'),
    proposalKey: {
      address: addressOf(key['address'], 'proposalKey.address'),
      keyIndex: numberOf(key['keyIndex'], 'proposalKey.keyIndex'),
      sequenceNumber: bigintOf(key['sequenceNumber'], 'proposalKey.sequenceNumber'),
    },
    payer: addressOf(fields['payer'], 'payer'),
    authorizers: listOf(fields['authorizers'], 'authorizers').map((one) =>
      addressOf(one, 'authorizers'),
    ),
    payloadSignatures: signaturesOf(fields, 'payloadSignatures'),
    envelopeSignatures: signaturesOf(fields, 'envelopeSignatures'),
  }
  const transaction = decodeTransaction(encodeTransaction(read))
  if (transaction.cadence !== read.cadence || !sameTexts(transaction.arguments, read.arguments))
    throw malformedTransaction('a text that is not UTF-8')
  return transaction
}

const signatureNames = ['address', 'keyIndex', 'signature', 'extensionData']
const keyNames = ['address', 'keyIndex', 'sequenceNumber']
const fieldNames = [
  'format',
  'version',
  'cadence',
  'arguments',
  'referenceBlockId',
  'computeLimit',
  'proposalKey',
  'payer',
  'authorizers',
  'payloadSignatures',
  'envelopeSignatures',
]

type Fields = Readonly<Record<string, unknown>>

function signaturesOf(fields: Fields, name: string): readonly TransactionSignature[] {
  return listOf(fields[name], name).map((entry) => {
    const found = objectOf(entry, name, signatureNames)
    const signature = {
      address: addressOf(found['address'], `${name}.address`),
      keyIndex: numberOf(found['keyIndex'], `${name}.keyIndex`),
      signature: bytesOf(found['signature'], `${name}.signature`),
    }
    if (found['extensionData'] === undefined) return signature
    return { ...signature, extensionData: bytesOf(found['extensionData'], `${name}.extensionData`) }
  })
}

function objectOf(value: unknown, name: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformedTransaction(`${name}: it is not an object`)
  const stray = Object.keys(value).some((key) => !known.includes(key))
  if (stray) throw malformedTransaction(`${name}: a field that is unknown`)
  return { ...value }
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw malformedTransaction(`${name}: it is not a list`)
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw malformedTransaction(`${name}: it is not a text`)
}

function numberOf(value: unknown, name: string): number {
  if (typeof value === 'number') return value
  throw malformedTransaction(`${name}: it is not a number`)
}

function bigintOf(value: unknown, name: string): bigint {
  const text = textOf(value, name)
  if (/^(0|[1-9]\d{0,19})$/.test(text)) return BigInt(text)
  throw malformedTransaction(`${name}: it is not a number in decimal digits`)
}

function bytesOf(value: unknown, name: string): Uint8Array {
  const text = textOf(value, name)
  if (text.length % 2 === 0 && /^[0-9a-f]*$/.test(text)) return hexToBytes(text, name)
  throw malformedTransaction(`${name}: it is not lower-case hexadecimal`)
}

function addressOf(value: unknown, name: string): string {
  const text = textOf(value, name)
  if (/^0x[0-9a-f]{16}$/.test(text)) return normalizeAddress(text)
  throw malformedTransaction(`${name}: it is not 0x and 16 lower-case digits`)
}

const sameTexts = (one: readonly string[], other: readonly string[]) =>
  one.every((text, index) => text === other[index])
