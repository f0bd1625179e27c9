/** What a month on AWS costs: keys and calls of KMS, by assumptions that are told with the sum. @module */

import { SignerError } from '../errors.ts'
import { assertKnownKeys } from '../options.ts'

/** US dollars. */
export type AwsPrices = {
  /** The day they were noted, ISO 8601. */
  readonly asOf: string
  /** Of one customer managed key a month, of each replica too; prorated by the hour. */
  readonly keyMonth: number
  /** Of 10,000 calls such as Sign and GetPublicKey with ECC keys. */
  readonly asymmetricCalls: number
  /** Of 10,000 calls such as GenerateDataKey and Decrypt. */
  readonly symmetricCalls: number
}

/**
 * Those of us-east-1. The free calls of an account are left out: they hold for few of these calls.
 *
 * @see https://aws.amazon.com/kms/pricing/
 */
export const awsPrices: AwsPrices = Object.freeze({
  asOf: '2026-11-28',
  keyMonth: 1,
  asymmetricCalls: 0.15,
  symmetricCalls: 0.03,
})

/** What there is in a month. Whole numbers; default 0 where nothing else is said. */
export type AwsUsage = {
  readonly mints?: number
  /** Mints in one transaction. Default 1. */
  readonly batch?: number
  /** KMS keys of the account, each of which signs each transaction. Default 1. */
  readonly keys?: number
  /** Copies of each key in other Regions. */
  readonly replicas?: number
  /** Wallets of users as sealed keys, under one wrapping key for all. */
  readonly wallets?: number
  /** Of those, how many are new. */
  readonly newWallets?: number
  /** Signatures of wallets, each of which opens its key: more than will be, where a data key is kept. */
  readonly walletSignatures?: number
  readonly prices?: Partial<AwsPrices>
}

/** One line of the sum. */
export type CostLine = {
  readonly what: string
  readonly count: number
  /** US dollars for one. */
  readonly each: number
  /** US dollars, to the cent. */
  readonly usd: number
}

/** The month. */
export type AwsCost = {
  readonly prices: AwsPrices
  readonly lines: readonly CostLine[]
  readonly totalUsd: number
  /** What the wallets alone would cost as a KMS key each. */
  readonly walletsAsKmsKeysUsd: number
}

const CALLS = 10_000
const LARGEST = 1_000_000_000_000

/** @throws {SignerError} `INVALID_OPTION` for a count that is no whole number, or a price below 0. */
export function awsCost(usage: AwsUsage): AwsCost {
  assertKnownKeys(usage, [
    ...['mints', 'batch', 'keys', 'replicas', 'wallets', 'newWallets', 'walletSignatures'],
    'prices',
  ])
  const { mints = 0, batch = 1, keys = 1, replicas = 0, wallets = 0 } = usage
  const { newWallets = 0, walletSignatures = 0 } = usage
  const counts = { mints, batch, keys, replicas, wallets, newWallets, walletSignatures }
  for (const [option, count] of Object.entries(counts))
    if (!Number.isSafeInteger(count) || count < (option === 'batch' ? 1 : 0) || count > LARGEST)
      throw invalid(option, 'it is no whole number from 0 (batch: 1) to a million million')
  if (newWallets > wallets) throw invalid('newWallets', 'it is more than wallets')
  const prices = pricesOf(usage.prices ?? {})
  const line = (what: string, count: number, each: number): CostLine => ({
    what,
    count,
    each,
    usd: cents(count * each),
  })
  const sign = prices.asymmetricCalls / CALLS
  const open = prices.symmetricCalls / CALLS
  const lines = [
    line('KMS keys of the account', keys * (1 + replicas), prices.keyMonth),
    line('Sign for mints', Math.ceil(mints / batch) * keys, sign),
    line('wrapping key of wallets', wallets > 0 ? 1 : 0, prices.keyMonth),
    // Each is opened once by KMS before it is kept, which proves that it opens.
    line('GenerateDataKey and Decrypt for new wallets', 2 * newWallets, open),
    line('Decrypt for signatures of wallets', walletSignatures, open),
  ].filter(({ count }) => count > 0)
  return {
    prices,
    lines,
    totalUsd: cents(lines.reduce((sum, { count, each }) => sum + count * each, 0)),
    walletsAsKmsKeysUsd: cents(wallets * prices.keyMonth + walletSignatures * sign),
  }
}

function pricesOf(given: Partial<AwsPrices>): AwsPrices {
  assertKnownKeys(given, Object.keys(awsPrices))
  const prices = { ...awsPrices, ...given }
  const { asOf, ...numbers } = prices
  if (!/^\d{4}-\d\d-\d\d$/.test(asOf))
    throw invalid('prices.asOf', 'it is no day such as 2026-11-28')
  for (const [name, price] of Object.entries(numbers))
    if (!Number.isFinite(price) || price < 0) throw invalid(`prices.${name}`, 'it is no price')
  return Object.freeze(prices)
}

const cents = (usd: number) => Math.round(usd * 100) / 100

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
