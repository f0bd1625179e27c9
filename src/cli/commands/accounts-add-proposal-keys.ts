/** `fcl-kms accounts add-proposal-keys`. @module */

import { addProposalKeys } from '../../provisioning/index.ts'
import type { Command } from '../command.ts'
import { chainFlags, chainSettings, kmsFlags } from '../settings.ts'
import { facts } from '../text.ts'
import { wholeNumber } from '../values.ts'
import { authorizerOf } from './accounts-show.ts'

export const accountsAddProposalKeys: Command = {
  name: 'accounts add-proposal-keys',
  summary: 'Add n copies of a key to an account, at weight 0, to send transactions in parallel',
  operand: { value: 'n', help: '1 to 10000' },
  flags: {
    total: { help: 'Let the account have n copies in all: running it again adds nothing' },
    address: { value: 'address', help: 'The account; it pays' },
    key: { value: 'id', multiple: true, help: 'A KMS key of the account; together 1000' },
    'public-key': { value: 'hex', help: 'Of the key to copy; default the first key that signs' },
    'compute-limit': {
      value: 'n',
      help: '1 to 9999, of each transaction of up to 250 keys; default 100 and 20 for each key',
    },
    ...chainFlags,
    ...kmsFlags,
  },
  examples: [
    '100 --network testnet --address 0x1d007d755531709b --key alias/flow-minter',
    '100 --total --network testnet --address 0x1d007d755531709b --key alias/a --key alias/b --json',
  ],
  async run(context) {
    const { values, signal, note } = context
    const number = wholeNumber('n', values.operand, 1, 10_000)
    const limit = values.optional('compute-limit')
    const publicKey = values.optional('public-key')
    const grown = await addProposalKeys({
      ...chainSettings(context),
      address: values.required('address'),
      authorizer: authorizerOf(context),
      ...(values.flag('total') ? { total: number } : { count: number }),
      ...(publicKey === undefined ? {} : { publicKey }),
      ...(limit === undefined
        ? {}
        : { computeLimit: wholeNumber('--compute-limit', limit, 1, 9_999) }),
      onBatch: ({ added, asked, transactionId }) =>
        note(`added ${added} of ${asked}, transaction ${transactionId}`),
      signal,
    })
    const { keyIndexes } = grown
    const lines = facts([
      ['address', grown.address],
      ['copied', `index ${grown.keyIndex}, ${grown.signatureAlgorithm}, ${grown.hashAlgorithm}`],
      ['public key', grown.publicKey],
      ['added', `${keyIndexes.length}`],
      ['indexes', keyIndexes.length === 0 ? undefined : ranges(keyIndexes)],
      ['copies in all', `${grown.total}`],
    ])
    return { value: grown, lines }
  },
}

/** @returns For example `2-121, 130`: somebody else may have added keys in between. */
function ranges(indexes: readonly number[]): string {
  const runs: (readonly [first: number, last: number])[] = []
  for (const index of indexes) {
    const [first, last] = runs.at(-1) ?? [index, index]
    if (index === last + 1) runs[runs.length - 1] = [first, index]
    else runs.push([index, index])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}
