/** Whether a payload was executed under other signatures, and so under another id. @module */

import type { Transaction } from '../crypto/transaction.ts'
import { readLatestHeader } from '../flow/block-headers.ts'
import type { NodeConnection } from '../flow/http.ts'
import { spendsSequenceNumber } from '../flow/number-spent.ts'
import { findUses, samePayload } from '../flow/sequence-number-use.ts'
import { readSingleResult } from '../flow/transaction-outcome.ts'
import { EXPIRY_BLOCKS, type Expiry } from './expiry.ts'

/**
 * Looks into every block that can hold it: at most 600 requests, for a sequence number that is used.
 *
 * @returns Its id, or that none was found.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function findExecuted(
  node: NodeConnection,
  transaction: Transaction,
  { referenceHeight }: Expiry,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const { height } = await readLatestHeader(node, 'sealed', options)
  const to = Math.min(height, referenceHeight + EXPIRY_BLOCKS)
  const uses = await findUses(
    node,
    transaction.proposalKey,
    { from: referenceHeight + 1, to },
    options,
  )
  for (const { transactionId, payload, height: at } of uses) {
    if (!samePayload(payload, transaction)) continue
    const result = await readSingleResult(node, transactionId, options)
    if (result.kind === 'executed' && spendsSequenceNumber(result.at(at).errorCodes))
      return transactionId
  }
  return 'another transaction'
}
