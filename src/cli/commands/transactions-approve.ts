/** `fcl-kms transactions approve`. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { hexToBytes } from '../../crypto/hex.ts'
import type { TransactionSignature } from '../../crypto/transaction.ts'
import { approveTransaction, sendTransaction } from '../../transactions/index.ts'
import type { Command } from '../command.ts'
import { chainFlags, chainSettings } from '../settings.ts'
import { usage, wholeNumber } from '../values.ts'
import {
  formatFlag,
  formatOf,
  readTransaction,
  writeTransaction,
  writtenLines,
  writtenValue,
} from './transaction-input.ts'
import { reviewLines, reviewValue, transactionLines } from './transaction-summary.ts'

export const transactionsApprove: Command = {
  name: 'transactions approve',
  summary: 'Verify and merge the signatures of all parties, and tell who is missing',
  flags: {
    in: { value: 'file', help: 'What was prepared: the one that counts; - is stdin' },
    signed: { value: 'file', multiple: true, help: 'The same, as it came back from a party' },
    signature: {
      value: 'address:index:hex',
      multiple: true,
      help: 'A signature that came back alone: r‖s of 64 bytes',
    },
    out: { value: 'file', help: 'Where the merged transaction goes; - is stdout; default nowhere' },
    send: { help: 'Send it when nothing is missing, and wait for the seal' },
    ...formatFlag,
    ...chainFlags,
  },
  examples: [
    '--network testnet --in mint.rlp --signed ours.rlp --signed theirs.rlp --out whole.rlp',
    '--network testnet --in mint.rlp --signed ours.rlp --signed theirs.rlp --send',
  ],
  async run(context) {
    const { values, signal } = context
    const chain = chainSettings(context)
    const to = values.optional('out')
    const format = formatOf(context)
    const signatures = values.many('signature').map(readSignature)
    const prepared = await readTransaction(context, '--in', values.required('in'))
    const files = []
    for (const file of values.many('signed'))
      files.push(await readTransaction(context, '--signed', file))
    const review = await approveTransaction({
      ...chain,
      signal,
      transaction: prepared.transaction,
      signed: files.map(({ transaction }) => transaction),
      signatures,
    })
    const { transaction } = review
    const written =
      to === undefined
        ? undefined
        : await writeTransaction(transaction, format ?? prepared.format, to)
    const told = [...transactionLines(transaction), ...reviewLines(review)]
    if (to === '-') for (const line of told) context.note(line)
    const sent = values.flag('send')
      ? await sendTransaction({ ...chain, signal, transaction })
      : undefined
    const done = [
      ...told,
      ...(written === undefined ? [] : [`${to}: approved`]),
      ...(sent === undefined ? [] : [`${sent.transactionId}: sealed`]),
    ]
    return {
      value: {
        ...(written === undefined ? {} : writtenValue(written)),
        ...reviewValue(review),
        ...(sent === undefined ? {} : { sent }),
      },
      lines: written === undefined ? done : writtenLines(written, done),
    }
  },
}

/** An address, a key index and 128 digits. */
function readSignature(text: string): TransactionSignature {
  const [address = '', index = '', hex = '', ...rest] = text.split(':')
  if (hex === '' || rest.length > 0)
    throw usage('--signature', 'it is not an address, a key index and hexadecimal, with : between')
  const keyIndex = wholeNumber('--signature', index, 0, 0xffff_ffff)
  const signature = hexToBytes(hex, '--signature')
  if (signature.length !== 64) throw usage('--signature', 'it has not 128 digits')
  return { address: normalizeAddress(address), keyIndex, signature }
}
