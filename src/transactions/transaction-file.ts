/** The two forms in which a transaction goes from party to party. @module */

import { bytesToHex, hexToBytes } from '../crypto/hex.ts'
import { encodeTransaction, type Transaction } from '../crypto/transaction.ts'
import { decodeTransaction, MAX_TRANSACTION_BYTES } from '../crypto/transaction-decoding.ts'
import { malformedTransaction } from '../crypto/transaction-fields.ts'
import { SignerError } from '../errors.ts'
import { transactionFromJson, transactionToJson } from './transaction-json.ts'

/**
 * - `rlp`: hexadecimal RLP without a line end, as the Flow CLI reads and writes it.
 * - `json`: the same facts as fields, for people and other programs.
 */
export type TransactionFormat = 'rlp' | 'json'

/** Characters of the largest file: a transaction of 1,500,000 bytes in hexadecimal, and a line end. */
export const MAX_TRANSACTION_FILE_LENGTH: number = 2 * MAX_TRANSACTION_BYTES + 2

/** What a file held. */
export type TransactionFile = {
  readonly transaction: Transaction
  readonly format: TransactionFormat
}

/**
 * Reads a file of either form, from anybody. Strict: what is read is written back as it was.
 *
 * @param text - At most 3,000,002 characters; one line end after hexadecimal is cut off.
 * @throws {SignerError} `MALFORMED_TRANSACTION`; `MALFORMED_HEX` for what is neither JSON nor hexadecimal.
 */
export function decodeTransactionFile(text: string): TransactionFile {
  if (typeof text !== 'string') throw malformedTransaction('it is not a text')
  if (text.length > MAX_TRANSACTION_FILE_LENGTH) throw malformedTransaction('the file is too large')
  if (/^\s*\{/.test(text)) return { transaction: transactionFromJson(text), format: 'json' }
  const digits = text.replace(/\r?\n$/, '')
  return { transaction: decodeTransaction(hexToBytes(digits, 'file')), format: 'rlp' }
}

/**
 * @returns The text of a file that `decodeTransactionFile` reads.
 * @throws {SignerError} `MALFORMED_TRANSACTION` for what cannot be encoded, or is too large as JSON.
 */
export function encodeTransactionFile(
  transaction: Transaction,
  format: TransactionFormat = 'rlp',
): string {
  if (format !== 'rlp' && format !== 'json')
    throw new SignerError('INVALID_OPTION', {
      option: 'format',
      reason: 'it is neither rlp nor json',
    })
  const bytes = encodeTransaction(transaction)
  if (format === 'rlp') return bytesToHex(bytes)
  const text = transactionToJson(decodeTransaction(bytes))
  if (text.length > MAX_TRANSACTION_FILE_LENGTH)
    throw malformedTransaction('it is too large as JSON; write RLP')
  return text
}
