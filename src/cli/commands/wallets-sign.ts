/** `fcl-kms wallets sign`. @module */

import type { Command } from '../command.ts'
import { chainFlags, kmsFlags } from '../settings.ts'
import { usage } from '../values.ts'
import { messageFlags, readMessage, signUserMessage } from './sign-message.ts'
import { fileFlags, policyFlags, signFile } from './sign-transaction.ts'
import { openWallet, walletFlags } from './wallets-options.ts'

export const walletsSign: Command = {
  name: 'wallets sign',
  summary:
    'Sign a user message, or a transaction in a file, with the key of a wallet; nothing is sent',
  flags: {
    ...walletFlags,
    ...messageFlags,
    ...fileFlags,
    ...policyFlags,
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --folder wallets --wrapping-key arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab --id user-17 --text "hello"',
    '--network testnet --key alias/alice --in tx.rlp --out signed.rlp',
  ],
  async run(context) {
    const { values } = context
    const from = values.optional('in')
    const message = ['message', 'text'].find(values.flag)
    if (from === undefined) {
      const other = ['out', 'policy', 'format'].find(values.flag)
      if (other !== undefined) throw usage(`--${other}`, 'it goes with --in')
      const hex = readMessage(context)
      const { authorizer, address } = await openWallet(context)
      return signUserMessage(context, hex, authorizer, address)
    }
    if (message !== undefined) throw usage(`--${message}`, 'it does not go with --in')
    const to = values.required('out')
    return signFile(context, { from, to }, await openWallet(context))
  },
}
