/** The key whose sequence number a transaction uses, and the number. @module */

import type { NodeConnection } from '../flow/http.ts'
import type { BoundAccount, BoundKey } from './bound-account.ts'
import { choose, type Engine } from './engine.ts'
import type { ProposalKeySource } from './proposal-key-source.ts'
import { chooseProposalKey, type Selection } from './selection.ts'
import type { TransactionContext } from './transaction-context.ts'

/** An account that signs, and with which keys. */
export type Authorization = {
  readonly engine: Engine
  /** Normalised. */
  readonly address: string
  readonly selection: Selection
  readonly signal: AbortSignal | undefined
}

/** Makes a choice on the account as this transaction saw it first. */
export async function pick<T>(
  { engine, address, signal }: Authorization,
  context: TransactionContext,
  node: NodeConnection,
  { reread = false, since }: { readonly reread?: boolean; readonly since?: number | undefined },
  choice: (account: BoundAccount) => T,
): Promise<T> {
  const seen = context.accounts.get(address)
  if (seen !== undefined && !reread && since === undefined) return choice(seen)
  return choose(engine, node, address, { reread, since, signal }, (found) => {
    const chosen = choice(found)
    context.accounts.set(address, found)
    return chosen
  })
}

/**
 * Leases a proposal key from the pool; or chooses one and reads its sequence number, on a hint of
 * change from fresh keys.
 */
export async function openProposalKey(
  authorization: Authorization,
  context: TransactionContext,
  node: NodeConnection,
): Promise<{ key: BoundKey; sequenceNumber: number }> {
  const { address, selection, signal } = authorization
  if (selection.proposalKeys !== undefined)
    return leaseProposalKey(authorization, selection.proposalKeys, context, node)
  const first = !context.accounts.has(address)
  const keyOf = (reread: boolean) =>
    pick(authorization, context, node, { reread }, (found) => chooseProposalKey(found, selection))
  let key = await keyOf(false)
  let read = await context.sequenceNumber(node, key, signal)
  if (read.changed && first) {
    key = await keyOf(true)
    read = await context.sequenceNumber(node, key, signal)
  }
  return { key, sequenceNumber: read.sequenceNumber }
}

/** One lease for all role calls of the transaction. No account is read for it, unless its keys changed. */
async function leaseProposalKey(
  authorization: Authorization,
  source: ProposalKeySource,
  context: TransactionContext,
  node: NodeConnection,
): Promise<{ key: BoundKey; sequenceNumber: number }> {
  const lease = await context.leases.take(source, authorization.signal)
  const { keysSince: since } = lease
  const key = await pick(authorization, context, node, { since }, (found) =>
    chooseProposalKey(found, { proposalKeyIndex: lease.keyIndex }),
  )
  return { key, sequenceNumber: Number(lease.sequenceNumber) }
}
