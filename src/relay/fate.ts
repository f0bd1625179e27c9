/** Whether a job was executed by a transaction other than the one that we sent. @module */

import { decodeTransaction } from '../crypto/transaction-decoding.ts'
import { isSignerError, SignerError } from '../errors.ts'
import { property } from '../flow/event-field.ts'
import type { NodeConnection } from '../flow/http.ts'
import { spendsSequenceNumber } from '../flow/number-spent.ts'
import { runScript } from '../flow/scripts.ts'
import { findUses, type IncludedTransaction, samePayload } from '../flow/sequence-number-use.ts'
import { readSingleResult } from '../flow/transaction-outcome.ts'
import type { AttemptRow } from '../stores/store.ts'
import { outcomeFact, type UseFact } from './facts.ts'

type Options = { readonly signal: AbortSignal }

/**
 * Asks the contract which requests it has fulfilled: a script with one argument, the request ids,
 * that returns an optional for each, in their order.
 *
 * @param options - `height`: of the block that all are asked at.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function readFulfilled(
  node: NodeConnection,
  script: string,
  ids: readonly string[],
  { signal, height }: Options & { readonly height?: number },
): Promise<ReadonlySet<string>> {
  const value = ids.map((id) => ({ type: 'String', value: id }))
  const at = height === undefined ? { signal } : { signal, height }
  const result = await runScript(node, script, [JSON.stringify({ type: 'Array', value })], at)
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

/** A use and where it stands. */
export type FoundUse = { readonly use: UseFact; readonly height: number }

/**
 * Looks in the blocks of one node for the transaction that used the sequence number of an attempt.
 *
 * @param range - Heights of sealed blocks; none before the reference block can hold a copy of it.
 * @returns `none` when no block of the range has it, `unable` when the node does not list blocks.
 * @throws {SignerError} `ACCESS_NODE_UNREACHABLE`.
 */
export async function findUse(
  node: NodeConnection,
  attempt: AttemptRow,
  range: { readonly from: number; readonly to: number },
  { signal }: Options,
): Promise<FoundUse | 'none' | 'unable'> {
  const { address, keyIndex, sequenceNumber } = attempt
  try {
    const wanted = { address, keyIndex, sequenceNumber }
    for (const included of await findUses(node, wanted, range, { signal })) {
      const use = await useOf(node, attempt, included, signal)
      if (use !== undefined) return { use, height: included.height }
    }
    return 'none'
  } catch (thrown) {
    const isUnable =
      isSignerError(thrown, 'ACCESS_NODE_REFUSED') ||
      isSignerError(thrown, 'ACCESS_NODE_REPLY_INVALID')
    if (isUnable) return 'unable'
    throw thrown
  }
}

/** @returns `undefined` when it is not the one that used the number. */
async function useOf(
  node: NodeConnection,
  attempt: AttemptRow,
  { transactionId, height, payload }: IncludedTransaction,
  signal: AbortSignal,
): Promise<UseFact | undefined> {
  const single = await readSingleResult(node, transactionId, { signal })
  if (single.kind !== 'executed') return undefined
  const outcome = single.at(height)
  if (!spendsSequenceNumber(outcome.errorCodes)) return undefined
  if (!samePayload(payload, decodeTransaction(attempt.transaction)))
    return { kind: 'foreign', transactionId }
  return { kind: 'copy', outcome: outcomeFact(outcome, attempt.address) }
}

/** Whether two nodes have found the same. */
export const sameUse = (one: UseFact, other: UseFact): boolean => keyOf(one) === keyOf(other)

const keyOf = (use: UseFact) =>
  use.kind === 'copy'
    ? `copy ${use.outcome.transactionId} ${use.outcome.verdict}`
    : `${use.kind} ${use.kind === 'foreign' ? use.transactionId : ''}`

/**
 * A contract knows of a request by an argument alone. Where the id of a job is none, "not fulfilled"
 * says nothing about it.
 */
export function namesItsJobs({ transaction, jobIds }: AttemptRow): boolean {
  const named = decodeTransaction(transaction).arguments.join('\n')
  return jobIds.every((id) => named.includes(`"value":${JSON.stringify(id)}`))
}
