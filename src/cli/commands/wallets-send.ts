/** `fcl-kms wallets send`. @module */

import { sendFlow } from '../../provisioning/index.ts'
import type { Command, Context } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags } from '../settings.ts'
import { facts } from '../text.ts'
import { usage } from '../values.ts'
import { payerFlags, readPayer } from './accounts-create.ts'
import { formatFlag, formatOf, keepTransaction } from './transaction-input.ts'
import { openWallet, walletFlags } from './wallets-options.ts'

export const walletsSend: Command = {
  name: 'wallets send',
  summary: 'Send FLOW from a wallet to an address, in one transaction that is sent once',
  flags: {
    ...walletFlags,
    to: { value: 'address', help: 'The account that gets it' },
    amount: { value: 'n', help: 'FLOW, with at most 8 decimals' },
    out: {
      value: 'file',
      help: 'A new file: keep the signed bytes, for transactions send, before they are sent',
    },
    ...formatFlag,
    ...payerFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --id user-17 --to 0x1d007d755531709b --amount 1.5 --out sent.rlp',
    '--network testnet --key alias/alice --to 0x1d007d755531709b --amount 0.25 --payer 0x1d007d755531709b --payer-key alias/treasury',
  ],
  async run(context) {
    const { values, signal } = context
    const [to, amount] = [values.required('to'), values.required('amount')]
    const out = outOf(context)
    const format = formatOf(context) ?? 'rlp'
    const payer = values.flag('payer') ? await readPayer(context) : undefined
    const { authorizer, address } = await openWallet(context)
    const sent = await sendFlow({
      ...chainSettings(context),
      ...{ authorizer, address, to, amount, signal },
      ...(payer === undefined ? {} : { payer }),
      async onSigned({ transaction, transactionId }) {
        if (out !== undefined) await keepTransaction(transaction, format, out)
        context.note(`transaction ${transactionId}`)
      },
    })
    const lines = facts([
      ['from', sent.from],
      ['to', sent.to],
      ['amount', `${sent.amount} FLOW`],
      ['transaction', `${sent.transactionId}: sealed`],
    ])
    return { value: sent, lines }
  },
}

function outOf({ values }: Context): string | undefined {
  const out = values.optional('out')
  if (out === '-') throw usage('--out', 'it must be a file')
  if (values.flag('payer-key') && !values.flag('payer'))
    throw usage('--payer', 'it goes with --payer-key')
  return out
}
