/** `fcl-kms wallets show`. @module */

import { showAccount } from '../../provisioning/index.ts'
import type { Command } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags } from '../settings.ts'
import { facts } from '../text.ts'
import { isKmsWallet, openWallet, readWallet, walletFlags } from './wallets-options.ts'

export const walletsShow: Command = {
  name: 'wallets show',
  summary: 'Show the account of a wallet, its balance, and whether the wallet can sign for it',
  flags: { ...walletFlags, ...chainFlags, ...kmsFlags },
  examples: [
    '--network testnet --folder wallets --id user-17',
    '--network testnet --key alias/alice --json',
  ],
  async run(context) {
    const { values, signal } = context
    const chain = chainSettings(context)
    const isKms = isKmsWallet(context)
    const opened =
      isKms || values.flag('wrapping-key')
        ? await openWallet(context)
        : await readWallet(context).then((wallet) => ({ wallet, address: wallet.address }))
    const { address, wallet } = opened
    const authorizer = 'authorizer' in opened ? { authorizer: opened.authorizer } : {}
    const account = await showAccount({ ...chain, ...authorizer, address, signal })
    const [key] = account.keys
    const lines = facts([
      ['wallet', wallet?.id ?? values.optional('key')],
      ['address', account.address],
      ['balance', `${account.balanceText} FLOW`],
      ['Flow public key', wallet?.publicKey ?? key?.publicKey],
      ['transaction', wallet?.transactionId],
      ['can authorize', 'authorizer' in opened ? (account.canAuthorize ? 'yes' : 'no') : undefined],
    ])
    const value = { ...(wallet ?? { key: values.optional('key') }), account }
    return { value, lines }
  },
}
