/** Whether a transaction that failed lost its sequence number to one of another payload. @module */

import type { Transaction } from '../../crypto/transaction.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { spendsSequenceNumber } from '../../flow/number-spent.ts'
import { findUses, samePayload } from '../../flow/sequence-number-use.ts'
import { readSingleResult } from '../../flow/transaction-outcome.ts'
import { EXPIRY_BLOCKS, readExpiry } from '../../transactions/expiry.ts'

/**
 * A number is used once: where the chain shows another payload that used it, neither this transaction nor a
 * copy of it under other signatures did anything. Without such proof: false, which is all that a node that
 * does not answer can lead to.
 */
export async function isNumberTaken(
  node: NodeConnection,
  transaction: Transaction,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const { referenceHeight, latestHeight } = await readExpiry(node, transaction, { signal })
    const to = Math.min(latestHeight, referenceHeight + EXPIRY_BLOCKS)
    const range = { from: referenceHeight + 1, to }
    const uses = await findUses(node, transaction.proposalKey, range, { signal })
    for (const { transactionId, payload, height } of uses) {
      if (samePayload(payload, transaction)) continue
      const result = await readSingleResult(node, transactionId, { signal })
      if (result.kind === 'executed' && spendsSequenceNumber(result.at(height).errorCodes))
        return true
    }
    return false
  } catch {
    return false
  }
}
