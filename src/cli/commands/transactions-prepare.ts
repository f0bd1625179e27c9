/** `fcl-kms transactions prepare`. @module */

import { parseStrictJson } from '../../policy/strict-json.ts'
import { prepareTransaction } from '../../transactions/index.ts'
import type { Command } from '../command.ts'
import { chainFlags, chainSettings } from '../settings.ts'
import { usage, wholeNumber } from '../values.ts'
import {
  formatFlag,
  formatOf,
  readText,
  writeTransaction,
  writtenLines,
  writtenValue,
} from './transaction-input.ts'
import { reviewLines, reviewValue, transactionLines } from './transaction-summary.ts'

export const transactionsPrepare: Command = {
  name: 'transactions prepare',
  summary: 'Prepare a transaction that several parties sign; nothing is signed or sent',
  flags: {
    cadence: { value: 'file', help: 'The source, every import with its address; - is stdin' },
    'args-json': { value: 'json', help: 'A list of arguments in JSON-Cadence; default none' },
    proposer: { value: 'address', help: 'Whose key and sequence number it uses' },
    'proposer-key-index': { value: 'n', help: 'Default 0' },
    payer: { value: 'address', help: 'Signs last' },
    authorizer: { value: 'address', multiple: true, help: 'In the order of prepare; default none' },
    'compute-limit': { value: 'n', help: '1 to 9999' },
    out: { value: 'file', help: 'Where it goes; - is stdout' },
    ...formatFlag,
    ...chainFlags,
  },
  examples: [
    '--network testnet --cadence mint.cdc --proposer 0x1d007d755531709b --payer 0x1d007d755531709b --compute-limit 500 --out mint.rlp',
    '--network testnet --cadence mint.cdc --args-json \'[{"type":"UFix64","value":"1.0"}]\' --proposer 0x1d007d755531709b --payer 0x1d007d755531709b --authorizer 0x1d007d755531709b --compute-limit 500 --format json --out -',
  ],
  async run(context) {
    const { values, signal } = context
    const to = values.required('out')
    const format = formatOf(context) ?? 'rlp'
    const chain = chainSettings(context)
    const limit = wholeNumber('--compute-limit', values.required('compute-limit'), 1, 9_999)
    const index = wholeNumber(
      '--proposer-key-index',
      values.optional('proposer-key-index') ?? '0',
      0,
      0xffff_ffff,
    )
    const proposer = { address: values.required('proposer'), keyIndex: index }
    const payer = values.required('payer')
    const args = readArguments(values.optional('args-json') ?? '[]')
    const { text } = await readText(context, '--cadence', values.required('cadence'))
    const review = await prepareTransaction({
      ...chain,
      signal,
      cadence: text,
      arguments: args,
      proposer,
      payer,
      authorizers: values.many('authorizer'),
      computeLimit: limit,
    })
    for (const line of transactionLines(review.transaction)) context.note(line)
    const written = await writeTransaction(review.transaction, format, to)
    const lines = [...reviewLines(review), `${to}: prepared`]
    if (to === '-') for (const line of reviewLines(review)) context.note(line)
    const value = { ...writtenValue(written), ...reviewValue(review) }
    return { value, lines: writtenLines(written, lines) }
  },
}

function readArguments(text: string): readonly object[] {
  const parsed = parseStrictJson(text)
  if (parsed.reason !== undefined) throw usage('--args-json', parsed.reason)
  const isObject = (one: unknown) => typeof one === 'object' && one !== null
  if (!Array.isArray(parsed.value) || !parsed.value.every(isObject))
    throw usage('--args-json', 'it is not a list of {"type": …, "value": …}')
  return parsed.value
}
