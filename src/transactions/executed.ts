/** Whether a payload was executed under other signatures, and so under another id. @module */

import type { Transaction } from '../crypto/transaction.ts'
import { withDeadline } from '../deadline.ts'
import { readLatestHeader } from '../flow/block-headers.ts'
import type { NodeConnection } from '../flow/http.ts'
import { spendsSequenceNumber } from '../flow/number-spent.ts'
import { findUses, samePayload } from '../flow/sequence-number-use.ts'
import { readSingleResult } from '../flow/transaction-outcome.ts'
import { EXPIRY_BLOCKS, type Expiry } from './expiry.ts'

type Options = { readonly signal?: AbortSignal | undefined }

/**
 * Looks into every block that can hold it: at most 600 requests, for a sequence number that is used. It
 * helps people; that the number is used is certain without it, so it ends in time and never rejects.
 *
 * @param options - `timeoutMs`: milliseconds, default 30,000.
 * @returns Its id, `another transaction`, or `not known`.
 */
export async function findExecuted(
  node: NodeConnection,
  transaction: Transaction,
  expiry: Expiry,
  options: Options & { readonly timeoutMs?: number } = {},
): Promise<string> {
  const { signal, timeoutMs = 30_000 } = options
  try {
    return await withDeadline(
      { signal, timeoutMs, onTimeout: () => new Error('it took too long') },
      (inner) => search(node, transaction, expiry, { signal: inner }),
    )
  } catch {
    return 'not known'
  }
}

async function search(
  node: NodeConnection,
  transaction: Transaction,
  { referenceHeight }: Expiry,
  options: Options,
): Promise<string> {
  const { height } = await readLatestHeader(node, 'final', options)
  const range = { from: referenceHeight + 1, to: Math.min(height, referenceHeight + EXPIRY_BLOCKS) }
  const uses = await findUses(node, transaction.proposalKey, range, options)
  let user = 'another transaction'
  for (const { transactionId, payload, height: at } of uses) {
    if (!samePayload(payload, transaction)) continue
    const result = await readSingleResult(node, transactionId, options)
    if (result.kind !== 'executed') user = 'not known'
    else if (spendsSequenceNumber(result.at(at).errorCodes)) return transactionId
  }
  return user
}
