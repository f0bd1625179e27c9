/** What the sequence number of a key says of the transaction that was signed with it. @module */

import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import { spendsSequenceNumber } from '../flow/number-spent.ts'
import { readSingleResult } from '../flow/transaction-outcome.ts'
import type { LeaseFact } from '../stores/store.ts'
import type { PoolReport } from './report.ts'

/** How a key is freed. */
export type Settlement = {
  readonly nextSequenceNumber: bigint
  readonly quarantine?: string
  readonly outcome: 'executed' | 'refused' | 'expired' | 'moved'
}

/** How a transaction ended that is known not to execute any more. */
export type Dead = {
  readonly outcome: 'refused' | 'expired'
  /** The block that refused it: the number is read as it was there. */
  readonly height?: number
}

/** What a look at the number needs. */
export type LookSettings = {
  readonly node: () => Promise<NodeConnection>
  readonly report: (report: PoolReport) => void
  /** Counts a read of one key. */
  readonly onResync: () => void
  readonly signal: AbortSignal
}

/**
 * Reads the number on chain.
 *
 * @returns How the key is freed; `undefined` when the transaction may still execute: nobody has used
 * its number, and it is not known to be dead.
 */
export async function lookAtNumber(
  {
    lease,
    transactionId,
  }: { readonly lease: LeaseFact; readonly transactionId: string | undefined },
  { node: nodeOf, report, onResync, signal }: LookSettings,
  dead?: Dead,
): Promise<Settlement | undefined> {
  const { address, keyIndex, sequenceNumber } = lease
  const node = await nodeOf()
  onResync()
  const at = dead?.height === undefined ? { signal } : { signal, height: dead.height }
  const key = await readAccountKey(node, address, keyIndex, at)
  const next = key.sequenceNumber
  const isSpent = next > sequenceNumber
  if (key.revoked) {
    const outcome = dead?.outcome ?? 'moved'
    return { nextSequenceNumber: next, outcome, quarantine: 'the key is revoked' }
  }
  if (dead === undefined && !isSpent) return undefined
  const isRefused = dead?.outcome === 'refused'
  if (next < sequenceNumber || (isSpent && isRefused)) report({ kind: 'drifted', keyIndex })
  if (!isSpent || isRefused) return { nextSequenceNumber: next, outcome: dead?.outcome ?? 'moved' }
  // Its block may be one that was not read yet.
  const single =
    transactionId === undefined
      ? undefined
      : await readSingleResult(node, transactionId, { signal })
  const isOurs = single?.kind === 'executed' && spendsSequenceNumber(single.at(0).errorCodes)
  return { nextSequenceNumber: next, outcome: isOurs ? 'executed' : 'moved' }
}
