/** `fcl-kms sign transaction`. @module */

import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { normalizeAddress } from '../../crypto/address.ts'
import { hashMessage } from '../../crypto/hash.ts'
import { bytesToHex, hexToBytes } from '../../crypto/hex.ts'
import { encodeTransaction, type Transaction, transactionId } from '../../crypto/transaction.ts'
import { decodeTransaction, MAX_TRANSACTION_BYTES } from '../../crypto/transaction-decoding.ts'
import { abortable } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import type { Command, Context } from '../command.ts'
import { chainFlags, kmsFlags } from '../settings.ts'
import { facts } from '../text.ts'
import { usage } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'
import { selectionOf, signerFlags } from './sign-message.ts'

/** The largest transaction in hexadecimal, with a line end. */
const MAX_FILE_BYTES = 2 * MAX_TRANSACTION_BYTES + 2

export const signTransaction: Command = {
  name: 'sign transaction',
  summary: 'Add the signatures of an account to a transaction in a file; nothing is sent',
  flags: {
    in: {
      value: 'file',
      help: 'RLP in hexadecimal, as flow transactions build writes it; - is stdin',
    },
    out: { value: 'file', help: 'Where the signed bytes go, in the same form; - is stdout' },
    ...signerFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --address 0x1d007d755531709b --key alias/flow-minter --in tx.rlp --out signed.rlp',
    '--network testnet --address 0x1d007d755531709b --key alias/flow-minter --in - --out - < tx.rlp > signed.rlp',
  ],
  async run(context) {
    const { values } = context
    const address = normalizeAddress(values.required('address'))
    const [from, to] = [values.required('in'), values.required('out')]
    const authorizer = authorizerOf(context)
    const selection = selectionOf(context)
    const transaction = decodeTransaction(hexToBytes(await readHex(context, from), '--in'))
    for (const line of summary(transaction)) context.note(line)
    const signed = await authorizer.signTransaction(address, transaction, selection)
    const hex = bytesToHex(encodeTransaction(signed))
    const written = to === '-' ? { transaction: hex } : { out: to }
    if (to !== '-') await writeHex(to, hex)
    // The id covers the signatures: it is final once all accounts have signed.
    const value = { ...written, transactionId: transactionId(signed), signatures: list(signed) }
    return { value, lines: to === '-' ? [hex] : [`${to}: signed`] }
  },
}

/** What is about to be signed, so that a person can compare it. */
function summary(transaction: Transaction): readonly string[] {
  const { proposalKey, payer, authorizers, computeLimit, referenceBlockId } = transaction
  const source = new TextEncoder().encode(transaction.cadence)
  return facts([
    ['payer', payer],
    [
      'proposer',
      `${proposalKey.address} index ${proposalKey.keyIndex} sequence number ${proposalKey.sequenceNumber}`,
    ],
    ['authorizers', authorizers.join(', ') || 'none'],
    ['arguments', `${transaction.arguments.length}`],
    ['compute limit', `${computeLimit}`],
    ['reference block', bytesToHex(referenceBlockId)],
    ['Cadence SHA3-256', bytesToHex(hashMessage(source, 'SHA3_256'))],
  ])
}

function list(transaction: Transaction) {
  const entries = (part: 'payload' | 'envelope', signatures: Transaction['payloadSignatures']) =>
    signatures.map(({ address, keyIndex }) => ({ part, address, keyIndex }))
  return [
    ...entries('payload', transaction.payloadSignatures),
    ...entries('envelope', transaction.envelopeSignatures),
  ]
}

/** Reads no more than a transaction can have, whatever the file is; a line end is cut off. */
async function readHex({ stdin, signal }: Context, file: string): Promise<string> {
  const read = async () => {
    const chunks: Buffer[] = []
    let byteLength = 0
    const input = file === '-' ? stdin : createReadStream(file, { signal })
    for await (const chunk of input) {
      chunks.push(Buffer.from(chunk))
      byteLength += chunk.length
      if (byteLength > MAX_FILE_BYTES)
        throw new SignerError('MALFORMED_TRANSACTION', { reason: 'the file is too large' })
    }
    return Buffer.concat(chunks)
      .toString('latin1')
      .replace(/\r?\n$/, '')
  }
  try {
    return await abortable(read(), signal)
  } catch (thrown) {
    throw isSignerError(thrown) || signal.aborted ? thrown : fileError('--in', 'read', thrown)
  }
}

/** Without a line end: the Flow CLI takes the bytes as they are. */
async function writeHex(file: string, hex: string): Promise<void> {
  try {
    await writeFile(file, hex)
  } catch (thrown) {
    throw fileError('--out', 'written', thrown)
  }
}

function fileError(option: string, verb: string, thrown: unknown): SignerError {
  const { code = 'unknown' }: { code?: unknown } =
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  return usage(option, `the file cannot be ${verb} (${String(code)})`)
}
