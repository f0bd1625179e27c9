/** Copies of a key, transaction after transaction, each checked on the chain before the next. @module */

import type { KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { type Transaction, transactionId } from '../../crypto/transaction.ts'
import { pause } from '../../deadline.ts'
import { SignerError } from '../../errors.ts'
import { readLatestBlock } from '../../flow/access-node.ts'
import { type Account, readAccount } from '../../flow/accounts.ts'
import type { NodeConnection } from '../../flow/http.ts'
import { settleTransaction } from '../../flow/transactions.ts'
import { tellObserver } from '../../observers.ts'
import { codeOf } from '../options.ts'
import { isCopyOf, type OriginalKey, weightsOf } from './copies.ts'
import {
  addedKeyIndexes,
  batchComputeLimit,
  batchesOf,
  proposalKeysTransaction,
} from './transaction.ts'

/** How far it is. */
export type BatchReport = {
  /** So far. */
  readonly added: number
  readonly asked: number
  /** The one that was sealed just now. */
  readonly transactionId: string
}

/** What is to grow, and how. */
export type Growth = {
  readonly node: NodeConnection
  readonly authorizer: KmsAuthorizer
  /** As it is before. */
  readonly account: Account
  readonly key: OriginalKey
  readonly asked: number
  readonly computeLimit: number | undefined
  readonly onBatch: ((report: BatchReport) => void) | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

type Progress = { readonly keyIndexes: number[]; readonly transactionIds: string[] }

/**
 * @throws {SignerError} As it comes while nothing was added; else `PROPOSAL_KEYS_INCOMPLETE`, also
 * when it is not known whether something was.
 */
export async function growPool(growth: Growth): Promise<Readonly<Progress>> {
  const progress: Progress = { keyIndexes: [], transactionIds: [] }
  const weights = weightsOf(growth.account)
  for (const count of batchesOf(growth.asked)) {
    const incomplete = (reason: string, cause?: unknown) =>
      incompleteError(growth, progress, reason, cause)
    /** What failed has added nothing itself. */
    const unchanged = (thrown: unknown) =>
      progress.keyIndexes.length === 0 ? thrown : incomplete(codeOf(thrown), thrown)

    const transaction = await signBatch(growth, count).catch((thrown: unknown) => {
      throw unchanged(thrown)
    })
    const id = transactionId(transaction)
    progress.transactionIds.push(id)
    const indexes = await submit(growth, transaction, { count, incomplete, unchanged })
    progress.keyIndexes.push(...indexes)
    const account = await readBack(growth, Math.max(...indexes)).catch((thrown: unknown) => {
      throw incomplete(codeOf(thrown), thrown)
    })
    const copies = indexes.filter((index) => {
      const added = account.keys.find((one) => one.index === index)
      return added !== undefined && isCopyOf(growth.key, added)
    })
    if (copies.length !== count) throw incomplete('a new key is not the copy that was signed for')
    if (weightsOf(account) !== weights)
      throw incomplete('the weights of the account changed in the meantime')
    notify(growth, { added: progress.keyIndexes.length, asked: growth.asked, transactionId: id })
  }
  return progress
}

function incompleteError(
  { asked }: Growth,
  { keyIndexes, transactionIds }: Progress,
  reason: string,
  cause: unknown,
): SignerError {
  const context = {
    added: keyIndexes.length,
    asked,
    transactionId: transactionIds.at(-1) ?? '',
    reason,
  }
  return new SignerError('PROPOSAL_KEYS_INCOMPLETE', context, { cause })
}

async function signBatch(growth: Growth, count: number): Promise<Transaction> {
  const { node, authorizer, account, key, signal } = growth
  const choice = signal === undefined ? {} : { signal }
  const [block, proposalKey] = await Promise.all([
    readLatestBlock(node, { signal }),
    authorizer.proposalKey(account.address, choice),
  ])
  const computeLimit = growth.computeLimit ?? batchComputeLimit(count)
  const referenceBlockId = block.id
  const unsigned = proposalKeysTransaction({
    key,
    count,
    referenceBlockId,
    computeLimit,
    proposalKey,
  })
  const signed = await authorizer.signTransaction(
    account.address,
    { ...unsigned, payloadSignatures: [], envelopeSignatures: [] },
    choice,
  )
  signal?.throwIfAborted()
  return signed
}

/** @returns The indexes of the new keys. */
async function submit(
  { node, timeoutMs, signal }: Growth,
  transaction: Transaction,
  batch: {
    readonly count: number
    readonly incomplete: (reason: string, cause?: unknown) => unknown
    readonly unchanged: (thrown: unknown) => unknown
  },
): Promise<readonly number[]> {
  const { count, incomplete, unchanged } = batch
  const settled = await settleTransaction(node, transaction, { timeoutMs, signal })
  if (settled.kind === 'nothing') throw unchanged(settled.error)
  if (settled.kind === 'unclear') throw incomplete(codeOf(settled.error), settled.error)
  const indexes = addedKeyIndexes(settled.events, count)
  if (indexes !== undefined) return indexes
  throw incomplete(`the sealed transaction does not tell ${count} new keys`)
}

/** Another node behind the same name may be a block behind. */
async function readBack(growth: Growth, lastIndex: number): Promise<Account> {
  const { node, account, timeoutMs, signal } = growth
  const started = performance.now()
  for (;;) {
    const found = await readAccount(node, account.address, { signal })
    const seen = found.keys.some(({ index }) => index === lastIndex)
    if (seen || performance.now() - started >= timeoutMs) return found
    await pause(250, signal)
  }
}

/** An observer must not be able to stop what it observes. */
function notify({ onBatch }: Growth, report: BatchReport): void {
  tellObserver(onBatch, report, { name: 'onBatch', spared: 'the keys are' })
}
