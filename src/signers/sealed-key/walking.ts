/** All wallets of a store, page by page: never all at once. @module */

import { SignerError } from '../../errors.ts'
import { withSignal } from './creation.ts'
import type { SealedKeyStore } from './key-store.ts'
import { isWalletId } from './wallet-id.ts'

const PAGE = 1_000

/**
 * One caller after the other may ask for the next. Ids that are none of ours are left out.
 *
 * @throws {SignerError} Those of the store.
 */
export async function* walletIds(
  store: Required<SealedKeyStore>,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, void> {
  const seen = new Set<string>() // one for each thousand wallets
  let after: string | undefined
  do {
    const page = { limit: PAGE, ...(after === undefined ? {} : { after }), ...withSignal(signal) }
    const { ids, next } = await store.list(page)
    yield* ids.filter(isWalletId)
    // A store that goes round in a circle would be asked for ever.
    if (next !== undefined && seen.has(next))
      throw new SignerError('STORE_ANSWER_INVALID', { operation: 'list' })
    if (next !== undefined) seen.add(next)
    after = next
  } while (after !== undefined)
}
