/** `fcl-kms accounts show`. @module */

import { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { showAccount } from '../../provisioning/index.ts'
import type { Command, Context } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags, kmsSettings } from '../settings.ts'
import { facts, table } from '../text.ts'

export const accountsShow: Command = {
  name: 'accounts show',
  summary: 'Show the balance and keys of an account, and which KMS key holds which',
  flags: {
    address: { value: 'address', help: 'The account' },
    key: { value: 'id', multiple: true, help: 'A KMS key to look for among its keys' },
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '--network testnet --address 0x1d007d755531709b --key alias/flow-minter',
    '--access-node http://127.0.0.1:8888 --address 0xf8d6e0586b0a20c7 --json',
  ],
  async run(context) {
    const { values, signal } = context
    const address = values.required('address')
    const account = await showAccount({
      ...chainSettings(context),
      address,
      signal,
      ...(values.many('key').length === 0 ? {} : { authorizer: authorizerOf(context) }),
    })
    const lines = [
      ...facts([
        ['address', account.address],
        ['balance', `${account.balanceText} FLOW`],
        ['weight held', `${account.totalWeightHeld}`],
        ['can authorize', account.canAuthorize ? 'yes' : 'no'],
        ['keys', account.keys.length === 0 ? 'none' : undefined],
      ]),
      ...table(
        account.keys.map((key) => [
          `  index ${key.index}`,
          `weight ${key.weight}`,
          key.signatureAlgorithm,
          key.hashAlgorithm,
          `sequence number ${key.sequenceNumber}`,
          key.revoked ? 'revoked' : '',
          key.heldBy === undefined ? 'not held' : `held by ${key.heldBy}`,
        ]),
      ),
    ]
    return { value: account, lines }
  },
}

/** An authorizer of the keys named by --key, or by another option. */
export function authorizerOf(context: Context, option: 'key' | 'payer-key' = 'key'): KmsAuthorizer {
  const { client, limits } = kmsSettings(context)
  const keyIds = context.values.some(option)
  return new KmsAuthorizer(client, keyIds, {
    ...chainSettings(context),
    ...(limits === undefined ? {} : { limits }),
  })
}
