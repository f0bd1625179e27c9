/** Whether a job was executed by a transaction other than the one that we sent. @module */

import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { SignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import { readBlockResults } from '../flow/block-results.ts'
import { property } from '../flow/event-field.ts'
import type { NodeConnection } from '../flow/http.ts'
import { runScript } from '../flow/scripts.ts'
import { findUses, samePayload } from '../flow/sequence-number-use.ts'
import { spendsSequenceNumber } from '../proposal-keys/settle-rules.ts'
import type { AttemptRow } from '../stores/store.ts'

/**
 * What the chain says of an attempt that cannot execute any more.
 * - `copy`: our payload executed under other signatures; `succeeded` says how.
 * - `foreign`: another transaction used the sequence number, so ours never can; its id is null when
 *   it stands in a block before the one that ours refers to.
 * - `unknown`: the use was not found.
 */
export type Fate =
  | {
      readonly kind: 'copy'
      readonly transactionId: string
      readonly height: number
      readonly succeeded: boolean
      readonly reason: string
    }
  | { readonly kind: 'foreign'; readonly transactionId: string | null }
  | { readonly kind: 'unknown' }

type Options = { readonly signal: AbortSignal }

/**
 * Asks the contract which requests it has fulfilled: a script with one argument, the request ids,
 * that returns an optional for each, in their order.
 *
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function readFulfilled(
  node: NodeConnection,
  script: string,
  ids: readonly string[],
  { signal }: Options,
): Promise<ReadonlySet<string>> {
  const value = ids.map((id) => ({ type: 'String', value: id }))
  const result = await runScript(node, script, [JSON.stringify({ type: 'Array', value })], {
    signal,
  })
  const answers = property(result, 'value')
  const invalid = (reason: string) =>
    new SignerError('ACCESS_NODE_REPLY_INVALID', { accessNode: node.url, reason })
  if (!Array.isArray(answers) || answers.length !== ids.length)
    throw invalid('the request script does not return an optional for each id')
  return new Set(
    ids.filter((_, index) => {
      const answer: unknown = answers[index]
      if (property(answer, 'type') !== 'Optional') throw invalid('no optional for a request id')
      return property(answer, 'value') !== null
    }),
  )
}

/**
 * Looks in the blocks for the transaction that used the sequence number of an attempt.
 *
 * @param to - A sealed height.
 */
export async function findFate(
  node: NodeConnection,
  attempt: AttemptRow,
  to: number,
  { signal }: Options,
): Promise<Fate> {
  const { address, keyIndex, sequenceNumber, transactionId, referenceHeight } = attempt
  const ours = decodeTransaction(attempt.transaction)
  // No block up to the one that it refers to can hold a copy of it.
  const before = await readAccountKey(node, address, keyIndex, { height: referenceHeight, signal })
  if (before.sequenceNumber > sequenceNumber) return { kind: 'foreign', transactionId: null }
  const range = { from: referenceHeight + 1, to }
  const uses = await findUses(node, { address, keyIndex, sequenceNumber }, range, { signal })
  for (const use of uses) {
    if (use.transactionId === transactionId) continue
    const block = await readBlockResults(node, use.height, { signal })
    const outcome = block?.results.get(use.transactionId)
    if (outcome === undefined) continue
    if (!spendsSequenceNumber(outcome.errorCodes)) continue // not the one
    if (!samePayload(use.payload, ours))
      return { kind: 'foreign', transactionId: use.transactionId }
    return {
      kind: 'copy',
      transactionId: use.transactionId,
      height: use.height,
      succeeded: outcome.reason === '',
      reason: outcome.reason,
    }
  }
  return { kind: 'unknown' }
}
