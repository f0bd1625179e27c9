/** Whether another node says the same of a sealed transaction. @module */

import { readLatestHeader } from '../flow/block-headers.ts'
import { readBlockResults } from '../flow/block-results.ts'
import type { NodeConnection } from '../flow/http.ts'
import { readSingleResult, type TransactionOutcome } from '../flow/transaction-outcome.ts'
import { classify } from './classify.ts'

/**
 * By one transaction, which every node tells; by its block, which tells too that it is not in there.
 *
 * @param address - Of the payer.
 * @returns `undefined` when the node lags, or does not tell.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function confirms(
  node: NodeConnection,
  outcome: TransactionOutcome,
  address: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { transactionId, blockId, height } = outcome
  const single = await readSingleResult(node, transactionId, { signal })
  const theirs =
    single.kind === 'executed'
      ? single.blockId === blockId && single.at(height)
      : await inBlock(node, outcome, signal)
  if (theirs === undefined) return undefined
  if (theirs === false) return false
  const isSame = classify(theirs, address) === classify(outcome, address)
  return theirs.sealed || !isSame ? isSame : undefined
}

/** @returns False when the block is sealed without it. */
async function inBlock(
  node: NodeConnection,
  { transactionId, blockId, height }: TransactionOutcome,
  signal: AbortSignal,
): Promise<TransactionOutcome | false | undefined> {
  const block = await readBlockResults(node, height, { signal })
  if (block === undefined) return undefined
  const theirs = block.results.get(transactionId)
  if (theirs !== undefined) return theirs.blockId === blockId && theirs
  if (block.sealed) return false
  // A block without any result is never told to be sealed.
  const isEmpty = block.results.size === 0
  const sealed = isEmpty && (await readLatestHeader(node, 'sealed', { signal }))
  return sealed && sealed.height >= height ? false : undefined
}
