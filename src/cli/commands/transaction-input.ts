/** Files of transactions, from anybody and to anybody. @module */

import { writeFile } from 'node:fs/promises'
import type { Transaction } from '../../crypto/transaction.ts'
import { MAX_TRANSACTION_BYTES } from '../../crypto/transaction-decoding.ts'
import { SignerError } from '../../errors.ts'
import {
  decodeTransactionFile,
  encodeTransactionFile,
  type TransactionFile,
  type TransactionFormat,
} from '../../transactions/index.ts'
import type { Command, Context } from '../command.ts'
import { fileError, readInput } from '../text-input.ts'
import { usage } from '../values.ts'

/** The largest transaction in hexadecimal, with a line end. */
const MAX_FILE_BYTES = 2 * MAX_TRANSACTION_BYTES + 2

/** For commands that write a transaction. */
export const formatFlag: Command['flags'] = {
  format: {
    value: 'name',
    help: 'rlp, as the Flow CLI reads it, or json; default that of --in, else rlp',
  },
}

/** @returns `undefined` when it is not given. */
export function formatOf({ values }: Context): TransactionFormat | undefined {
  const format = values.optional('format')
  if (format === undefined || format === 'rlp' || format === 'json') return format
  throw usage('--format', 'it is neither rlp nor json')
}

/** @throws {SignerError} `INVALID_OPTION` with the option; `MALFORMED_TRANSACTION`. */
export const readTransaction = async (
  context: Context,
  option: string,
  file: string,
): Promise<TransactionFile> => decodeTransactionFile((await readText(context, option, file)).text)

/** Reads no more than a transaction can have, whatever the file is; - is stdin. */
export const readText = (
  context: Context,
  option: string,
  file: string,
): ReturnType<typeof readInput> =>
  readInput(context, option, file, {
    maxBytes: MAX_FILE_BYTES,
    tooLarge: () => new SignerError('MALFORMED_TRANSACTION', { reason: 'the file is too large' }),
  })

/** What was written where. */
export type Written = { readonly text: string; readonly file: string | undefined }

/** Hexadecimal without a line end: the Flow CLI takes the bytes as they are. - is stdout. */
export async function writeTransaction(
  transaction: Transaction,
  format: TransactionFormat,
  to: string,
): Promise<Written> {
  const text = encodeTransactionFile(transaction, format)
  if (to === '-') return { text, file: undefined }
  try {
    await writeFile(to, text)
  } catch (thrown) {
    throw fileError('--out', 'written', thrown)
  }
  return { text, file: to }
}

/**
 * For bytes that may be sent and are nowhere else: never over a file that is there, which may hold those of
 * another transaction whose outcome is not known yet.
 */
export async function keepTransaction(
  transaction: Transaction,
  format: TransactionFormat,
  file: string,
): Promise<void> {
  try {
    await writeFile(file, encodeTransactionFile(transaction, format), { flag: 'wx', flush: true })
  } catch (thrown) {
    const isThere = thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST'
    throw isThere ? usage('--out', KEPT) : fileError('--out', 'written', thrown)
  }
}

const KEPT =
  'the file is there, and may hold a transfer; nothing was sent: send that one by transactions send --in, or choose another name'

/** For --json: where it is, or the text itself. */
export const writtenValue = ({ text, file }: Written): object =>
  file === undefined ? { transaction: text } : { out: file }

/** On stdout is the file alone; else what was done. Lines of JSON are printed as lines. */
export const writtenLines = (
  { text, file }: Written,
  done: readonly string[],
): readonly string[] => (file === undefined ? text.replace(/\n$/, '').split('\n') : done)
