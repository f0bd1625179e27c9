/** `fcl-kms sign transaction`. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import { type Transaction, transactionId } from '../../crypto/transaction.ts'
import { createPolicy, type PolicyRules } from '../../policy/index.ts'
import { parseStrictJson } from '../../policy/strict-json.ts'
import { signTransaction as sign } from '../../transactions/index.ts'
import type { Command, Context } from '../command.ts'
import { chainFlags, kmsFlags } from '../settings.ts'
import { usage } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'
import { selectionOf, signerFlags } from './sign-message.ts'
import {
  formatFlag,
  formatOf,
  readText,
  readTransaction,
  writeTransaction,
  writtenLines,
  writtenValue,
} from './transaction-input.ts'
import { transactionLines } from './transaction-summary.ts'

/** What is signed, and where it goes. */
export const fileFlags: Command['flags'] = {
  in: {
    value: 'file',
    help: 'RLP in hexadecimal, as flow transactions build writes it, or JSON; - is stdin',
  },
  out: { value: 'file', help: 'Where the signed bytes go, in the same form; - is stdout' },
}

/** What may be signed, and in which form. */
export const policyFlags: Command['flags'] = {
  policy: { value: 'file', help: 'Rules in JSON, see docs/policy.md: sign nothing else' },
  ...formatFlag,
}

export const signTransaction: Command = {
  name: 'sign transaction',
  summary: 'Add the signatures of an account to a transaction in a file; nothing is sent',
  flags: {
    ...fileFlags,
    ...signerFlags,
    partial: { help: 'Sign with the keys held, though they do not reach 1000: others sign too' },
    ...policyFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --address 0x1d007d755531709b --key alias/flow-minter --in tx.rlp --out signed.rlp',
    '--network testnet --address 0x1d007d755531709b --key alias/half --partial --policy rules.json --in - --out - < tx.rlp > signed.rlp',
  ],
  async run(context) {
    const address = normalizeAddress(context.values.required('address'))
    const [from, to] = [context.values.required('in'), context.values.required('out')]
    return signFile(context, { from, to }, { authorizer: authorizerOf(context), address })
  },
}

/** Reads a transaction, shows it, and writes it with the signatures of this account added. */
export async function signFile(
  context: Context,
  { from, to }: { readonly from: string; readonly to: string },
  { authorizer, address }: { readonly authorizer: KmsAuthorizer; readonly address: string },
): ReturnType<Command['run']> {
  const asked = formatOf(context)
  const { signal, keyIndexes } = selectionOf(context)
  const policy = await policyOf(context)
  const { transaction, format } = await readTransaction(context, '--in', from)
  for (const line of transactionLines(transaction)) context.note(line)
  const signed = await sign({
    authorizer,
    address,
    transaction,
    partial: context.values.flag('partial'),
    ...(keyIndexes === undefined ? {} : { keyIndexes }),
    ...(policy === undefined ? {} : { policy }),
    ...(signal === undefined ? {} : { signal }),
  })
  const written = await writeTransaction(signed, asked ?? format, to)
  // The id covers the signatures: it is final once all accounts have signed.
  const value = {
    ...writtenValue(written),
    transactionId: transactionId(signed),
    signatures: list(signed),
  }
  return { value, lines: writtenLines(written, [`${to}: signed`]) }
}

async function policyOf(context: Context) {
  const file = context.values.optional('policy')
  if (file === undefined) return undefined
  const parsed = parseStrictJson((await readText(context, '--policy', file)).text)
  if (parsed.reason !== undefined) throw usage('--policy', parsed.reason)
  return createPolicy(parsed.value as PolicyRules) // which refuses what is none
}

function list(transaction: Transaction) {
  const entries = (part: 'payload' | 'envelope', signatures: Transaction['payloadSignatures']) =>
    signatures.map(({ address, keyIndex }) => ({ part, address, keyIndex }))
  return [
    ...entries('payload', transaction.payloadSignatures),
    ...entries('envelope', transaction.envelopeSignatures),
  ]
}
