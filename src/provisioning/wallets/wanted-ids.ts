/** Which wallets are asked for. @module */

import { invalid } from '../../options.ts'
import { isWalletId } from '../../signers/sealed-key/wallet-id.ts'

const MAX_WALLETS = 10_000

/** @throws {SignerError} `INVALID_OPTION`: the option is told, and no id quoted. */
export function wantedIds(options: {
  readonly ids?: readonly string[]
  readonly count?: number
  readonly prefix?: string
}): readonly string[] {
  const { ids, count, prefix } = options
  if ((ids === undefined) === (count === undefined))
    throw invalid('ids', 'give either ids or count')
  if (ids === undefined) return numberedIds(count, prefix)
  if (prefix !== undefined) throw invalid('prefix', 'it goes with count')
  if (!Array.isArray(ids) || ids.length < 1 || ids.length > MAX_WALLETS)
    throw invalid('ids', `it is not a list of 1 to ${MAX_WALLETS}`)
  const wrong = ids.findIndex((id) => !isWalletId(id))
  if (wrong !== -1)
    throw invalid(`ids[${wrong}]`, 'it is not 1 to 80 letters, digits and . _ : @ + = -')
  const seen = new Set<string>()
  for (const [place, id] of ids.entries()) {
    if (seen.has(id)) throw invalid(`ids[${place}]`, 'it is given twice')
    seen.add(id)
  }
  return [...ids]
}

/** Without leading zeros, so that a larger count names the same wallets and more. */
function numberedIds(count: number | undefined, prefix: string | undefined): readonly string[] {
  const isWhole = Number.isInteger(count) && Number(count) >= 1 && Number(count) <= MAX_WALLETS
  if (!isWhole) throw invalid('count', `it is not a whole number from 1 to ${MAX_WALLETS}`)
  const ids = Array.from({ length: Number(count) }, (_, index) => `${prefix}${index + 1}`)
  if (typeof prefix !== 'string' || prefix === '' || !ids.every(isWalletId))
    throw invalid('prefix', 'it is not letters, digits and . _ : @ + = -, 80 with the number')
  return ids
}
