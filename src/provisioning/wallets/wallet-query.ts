/** What a book is asked for, checked in one place for every book of ours. @module */

import { normalizeAddress } from '../../crypto/address.ts'
import { assertKnownKeys, invalid } from '../../options.ts'
import type { WalletQuery } from './book.ts'

const MAX_LIMIT = 1_000

/**
 * @returns The query with address and public key as records spell them, so that none is missed for its form.
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`.
 */
export function checkWalletQuery(query: WalletQuery): WalletQuery {
  assertKnownKeys(query, ['prefix', 'address', 'publicKey', 'after', 'limit', 'signal'])
  const { address, publicKey, limit } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw invalid('limit', `it is not a whole number from 1 to ${MAX_LIMIT}`)
  for (const name of ['prefix', 'after'] as const)
    if (query[name] !== undefined && typeof query[name] !== 'string')
      throw invalid(name, 'it is not text')
  if (publicKey !== undefined && !/^[0-9a-f]{128}$/i.test(String(publicKey)))
    throw invalid('publicKey', 'it is not 128 hexadecimal digits')
  return {
    ...query,
    ...(address === undefined ? {} : { address: normalizeAddress(address) }),
    ...(publicKey === undefined ? {} : { publicKey: publicKey.toLowerCase() }),
  }
}
