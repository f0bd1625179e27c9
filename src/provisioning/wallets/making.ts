/** Batch after batch: each is in the book before it is sent, and its wallets are once it is sealed. @module */

import { parseSelection } from '../../authorizer/selection.ts'
import { bytesToHex } from '../../crypto/hex.ts'
import { encodeTransaction, type Transaction, transactionId } from '../../crypto/transaction.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { readLatestBlock } from '../../flow/access-node.ts'
import type { NodeConnection } from '../../flow/http.ts'
import type { Settled, TransactionEvent } from '../../flow/transactions.ts'
import { tellObserver } from '../../observers.ts'
import type { SealedKeys } from '../../signers/sealed-key/sealed-keys.ts'
import type { Payer } from '../accounts/payer.ts'
import type { Wallet, WalletBatch, WalletBook, WalletKey } from './book.ts'
import { walletsOf } from './new-accounts.ts'
import { inParallel } from './parallel.ts'
import { type HeldRun, takeRun, transactionOf } from './run-holder.ts'
import { type KeyChoice, keyOfWallet } from './sealing.ts'
import { settleNew, settleStored } from './settle.ts'
import { walletsTransaction } from './transaction.ts'

/** How far a run is. */
export type WalletsProgress = {
  /** Wallets asked for that have an account by now. */
  readonly done: number
  readonly asked: number
  /** The transaction that was sealed just now. */
  readonly transactionId: string
}

/** What making works with. */
export type Workshop = {
  readonly node: NodeConnection
  readonly chainId: string
  readonly keys: SealedKeys
  readonly book: WalletBook
  readonly payer: Payer
  readonly choice: KeyChoice
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: WalletsProgress) => unknown) | undefined
}

/** What was made of the ids. */
export type Made = {
  /** By id. */
  readonly wallets: ReadonlyMap<string, Wallet>
  /** Ids of those that had no account before. */
  readonly created: ReadonlySet<string>
  readonly refused: readonly { readonly id: string; readonly code: string }[]
  readonly transactionIds: readonly string[]
}

/** Steps of KMS, store and book that are on their way at once. */
const AT_ONCE = 8
/** How often a batch is signed anew when another transaction had its sequence number, or no block took it. */
const ATTEMPTS = 3

/** See `createWallets`. */
export async function makeAll(
  workshop: Workshop,
  ids: readonly string[],
  batchSize: number,
): Promise<Made> {
  const { book, chainId, signal, onProgress } = workshop
  const run = await takeRun(book, chainId, signal)
  const wallets = new Map<string, Wallet>()
  const created = new Set<string>()
  const transactionIds: string[] = []
  const refused: { id: string; code: string }[] = []

  const enter = (batch: WalletBatch, sealed: readonly Wallet[]) => {
    for (const wallet of sealed) {
      created.add(wallet.id)
      wallets.set(wallet.id, wallet)
    }
    transactionIds.push(batch.transactionId)
  }
  /** One damaged wallet must not keep the others from theirs. */
  const unlessRefused = async <T>(id: string, step: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await step()
    } catch (thrown) {
      const isDamaged =
        isSignerError(thrown, 'SEALED_KEY_INVALID') ||
        isSignerError(thrown, 'WALLET_RECORD_INVALID')
      if (!isDamaged) throw thrown
      refused.push({ id, code: thrown.code })
      return undefined
    }
  }

  if (run.stored !== undefined) {
    const sealed = await finishStored(workshop, run, run.stored)
    if (sealed !== undefined) enter(run.stored, sealed)
  }
  await inParallel(ids, AT_ONCE, async (id) => {
    const wallet = await unlessRefused(id, () => book.read(id, signalOf(signal)))
    if (wallet === undefined) return
    if (wallet.chainId !== chainId)
      throw new SignerError('CHAIN_MISMATCH', { expected: wallet.chainId, actual: chainId })
    wallets.set(id, wallet)
  })
  const damaged = new Set(refused.map(({ id }) => id))
  const missing = ids.filter((id) => !wallets.has(id) && !damaged.has(id))
  for (let start = 0; start < missing.length; start += batchSize) {
    const found = await inParallel(missing.slice(start, start + batchSize), AT_ONCE, (id) =>
      unlessRefused(id, () => keyOfWallet(workshop.keys, id, workshop.choice, signal)),
    )
    const keys = found.filter((key) => key !== undefined)
    if (keys.length === 0) continue
    const { batch, sealed } = await makeBatch(workshop, run, keys)
    enter(batch, sealed)
    const done = ids.filter((id) => wallets.has(id)).length
    const progress = { done, asked: ids.length, transactionId: batch.transactionId }
    tellObserver(onProgress, progress, { name: 'onProgress', spared: 'the wallets are' })
  }
  return { wallets, created, refused, transactionIds }
}

const signalOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal })

/** @returns Its wallets, or `undefined` when the transaction made nothing and never will. */
async function finishStored(
  workshop: Workshop,
  run: HeldRun,
  batch: WalletBatch,
): Promise<readonly Wallet[] | undefined> {
  const settled = await settleStored(workshop.node, transactionOf(batch), workshop)
  if (settled.kind === 'sealed') return finish(workshop, run, batch, settled.events)
  if (settled.kind === 'unclear') throw unsettled(batch, settled)
  await run.keep(undefined)
  return undefined
}

async function makeBatch(workshop: Workshop, run: HeldRun, keys: readonly WalletKey[]) {
  for (let attempt = 1; ; attempt++) {
    const transaction = await sign(workshop, keys)
    const id = transactionId(transaction)
    const bytes = bytesToHex(encodeTransaction(transaction))
    const batch = { transaction: bytes, transactionId: id, wallets: keys }
    await run.keep(batch)
    const settled = await settleNew(workshop.node, transaction, workshop)
    if (settled.kind === 'sealed')
      return { batch, sealed: await finish(workshop, run, batch, settled.events) }
    if (settled.kind === 'unclear') throw unsettled(batch, settled)
    await run.keep(undefined)
    if (attempt === ATTEMPTS || !wasOvertaken(settled.error)) throw settled.error
  }
}

async function sign({ node, payer, signal }: Workshop, keys: readonly WalletKey[]) {
  const { address, authorizer, selection } = payer
  const choice = { ...parseSelection(selection), ...signalOf(signal) }
  const [{ id }, proposalKey] = await Promise.all([
    readLatestBlock(node, { signal }),
    authorizer.proposalKey(address, choice),
  ])
  const unsigned: Transaction = {
    ...walletsTransaction({ keys, referenceBlockId: id, proposalKey }),
    payloadSignatures: [],
    envelopeSignatures: [],
  }
  return authorizer.signTransaction(address, unsigned, choice)
}

/** Another transaction of the treasury had its sequence number, or it came too late. */
const wasOvertaken = (error: unknown) =>
  isSignerError(error, 'TRANSACTION_EXPIRED') ||
  (isSignerError(error, 'TRANSACTION_FAILED') && error.context.errorCodes.includes(1007))

const unsettled = ({ transactionId: id }: WalletBatch, { error }: Settled & { kind: 'unclear' }) =>
  isSignerError(error, 'TRANSACTION_UNSETTLED')
    ? error
    : new SignerError('TRANSACTION_UNSETTLED', { transactionId: id, waitedMs: 0 }, { cause: error })

/** The wallets first, then the run: a process that is ended in between does the same again. */
async function finish(
  { node, chainId, book, timeoutMs, signal }: Workshop,
  run: HeldRun,
  batch: WalletBatch,
  events: readonly TransactionEvent[],
): Promise<readonly Wallet[]> {
  const sealed = await walletsOf(node, { batch, events, chainId }, { timeoutMs, signal })
  await inParallel(sealed, AT_ONCE, async (wallet) => {
    if (await book.add(wallet, signalOf(signal))) return
    const found = await book.read(wallet.id, signalOf(signal))
    if (found?.address === wallet.address) return
    const { transactionId: id } = batch
    const reason = `the book has another account of ${wallet.id}`
    throw new SignerError('ACCOUNT_CREATION_INCOMPLETE', { transactionId: id, reason })
  })
  await run.keep(undefined)
  return sealed
}
