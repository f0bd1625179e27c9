/** `fcl-kms transactions send`. @module */

import { sendTransaction } from '../../transactions/index.ts'
import type { Command } from '../command.ts'
import { chainFlags, chainSettings } from '../settings.ts'
import { readTransaction } from './transaction-input.ts'
import { transactionLines } from './transaction-summary.ts'

export const transactionsSend: Command = {
  name: 'transactions send',
  summary: 'Send a transaction that all have signed, once, and wait for the seal',
  flags: {
    in: { value: 'file', help: 'The merged transaction, RLP or JSON; - is stdin' },
    ...chainFlags,
  },
  examples: ['--network testnet --in whole.rlp', '--network testnet --in - --json < whole.rlp'],
  async run(context) {
    const { values, signal } = context
    const chain = chainSettings(context)
    const { transaction } = await readTransaction(context, '--in', values.required('in'))
    for (const line of transactionLines(transaction)) context.note(line)
    const sent = await sendTransaction({ ...chain, signal, transaction })
    return { value: sent, lines: [`${sent.transactionId}: sealed`] }
  },
}
