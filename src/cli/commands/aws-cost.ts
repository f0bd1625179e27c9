/** `fcl-kms aws cost`. @module */

import { type AwsCost, awsCost } from '../../aws/index.ts'
import type { Command, Flags } from '../command.ts'
import { table } from '../text.ts'
import { wholeNumber } from '../values.ts'

const counts = {
  mints: ['n', 'Mints a month'],
  batch: ['n', 'Mints in one transaction; default 1'],
  keys: ['n', 'KMS keys of the account, each of which signs; default 1'],
  replicas: ['n', 'Copies of each key in other Regions'],
  wallets: ['n', 'Wallets of users, as sealed keys'],
  'new-wallets': ['n', 'Those that are made in this month'],
  'wallet-signatures': ['n', 'Their signatures in this month'],
} as const

export const awsCostCommand: Command = {
  name: 'aws cost',
  summary: 'What a month of KMS costs, with the prices that were assumed and their date',
  flags: Object.fromEntries(
    Object.entries(counts).map(([name, [value, help]]) => [name, { value, help }]),
  ) satisfies Flags,
  examples: ['--mints 100000 --keys 2', '--wallets 1000000 --wallet-signatures 3000000 --json'],
  async run({ values }) {
    const usage = Object.fromEntries(
      Object.keys(counts).flatMap((name) => {
        const text = values.optional(name)
        const camel = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
        return text === undefined ? [] : [[camel, wholeNumber(`--${name}`, text, 0, 9_999_999_999)]]
      }),
    )
    const cost = awsCost(usage)
    return { value: cost, lines: linesOf(cost) }
  },
}

function linesOf({ prices, lines, totalUsd, walletsAsKmsKeysUsd }: AwsCost): readonly string[] {
  const rows = lines.map(({ what, count, each, usd }) => [
    what,
    String(count),
    `$${Number(each.toPrecision(6))} each`,
    `$${usd.toFixed(2)}`,
  ])
  return [
    ...table([...rows, ['total of a month', '', '', `$${totalUsd.toFixed(2)}`]]),
    ...(walletsAsKmsKeysUsd > 0
      ? [`The wallets as a KMS key each would cost $${walletsAsKmsKeysUsd.toFixed(2)}.`]
      : []),
    `Prices of us-east-1 as of ${prices.asOf}, without free calls: $${prices.keyMonth} for a key, $${prices.asymmetricCalls} for 10,000 Sign, $${prices.symmetricCalls} for 10,000 Decrypt.`,
  ]
}
