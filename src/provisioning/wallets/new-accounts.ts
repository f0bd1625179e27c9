/** Which of the new accounts is whose: told by the public key that the chain has. @module */

import { pause } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { type Account, readAccount } from '../../flow/accounts.ts'
import type { NodeConnection } from '../../flow/http.ts'
import type { TransactionEvent } from '../../flow/transactions.ts'
import type { Wallet, WalletBatch } from './book.ts'
import { inParallel } from './parallel.ts'
import { createdAddresses } from './transaction.ts'

const AT_ONCE = 8

/**
 * @param events - Of the sealed transaction.
 * @returns Every wallet of the batch with its account.
 * @throws {SignerError} `ACCOUNT_CREATION_INCOMPLETE` when the chain has another set of keys than was
 * signed for; the `ACCESS_NODE_…` codes.
 */
export async function walletsOf(
  node: NodeConnection,
  {
    batch,
    events,
    chainId,
  }: { batch: WalletBatch; events: readonly TransactionEvent[]; chainId: string },
  options: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<readonly Wallet[]> {
  const { transactionId } = batch
  const addresses = createdAddresses(events)
  const accounts = await inParallel(addresses, AT_ONCE, (one) => readNew(node, one, options))
  const byKey = new Map(accounts.map((account) => [fullKeyOf(account), account.address]))
  const wallets = batch.wallets.flatMap((wallet): readonly Wallet[] => {
    const address = byKey.get(`${wallet.signatureAlgorithm} ${wallet.publicKey}`)
    return address === undefined ? [] : [{ ...wallet, chainId, address, transactionId }]
  })
  const distinct = new Set(wallets.map(({ address }) => address)).size
  if (distinct === batch.wallets.length && distinct === addresses.length) return wallets
  const reason = `of ${batch.wallets.length} keys ${distinct} are on the ${addresses.length} new accounts`
  throw new SignerError('ACCOUNT_CREATION_INCOMPLETE', { transactionId, reason })
}

const fullKeyOf = ({ keys: [key] }: Account) => `${key?.signatureAlgorithm} ${key?.publicKey}`

/** Another node behind the same name may be a block behind. */
async function readNew(
  node: NodeConnection,
  address: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<Account> {
  const started = performance.now()
  for (;;) {
    try {
      const account = await readAccount(node, address, { signal })
      if (account.keys.length > 0 || performance.now() - started >= timeoutMs) return account
    } catch (thrown) {
      const isLate = performance.now() - started >= timeoutMs
      if (isLate || !isSignerError(thrown, 'ACCOUNT_NOT_FOUND')) throw thrown
    }
    await pause(250, signal)
  }
}
