/** Many wallets: a sealed key each, and an account each that one treasury pays for. @module */

import {
  type HashAlgorithm,
  isHashAlgorithm,
  type SignatureAlgorithm,
} from '../../crypto/algorithms.ts'
import { curveOf } from '../../crypto/arguments.ts'
import { SignerError } from '../../errors.ts'
import { type AccessNodeOptions, connectAccessNode, readChainId } from '../../flow/access-node.ts'
import { assertKnownKeys, assertSignal, assertTimeout, invalid } from '../../options.ts'
import type { SealedKeys } from '../../signers/sealed-key/sealed-keys.ts'
import { checkPayer, type Payer } from '../accounts/payer.ts'
import { boundedBook, type Wallet, type WalletBook } from './book.ts'
import { makeAll, type WalletsProgress } from './making.ts'
import { DEFAULT_BATCH, MAX_BATCH } from './transaction.ts'
import { wantedIds } from './wanted-ids.ts'

/** Options of `createWallets`. Either `ids`, or `count` and `prefix`. */
export type CreateWalletsOptions = {
  /** Where the private keys lie. */
  readonly keys: SealedKeys
  /** Where it is kept which wallet has which account. Back it up: see `docs/wallets.md`. */
  readonly book: WalletBook
  /** The treasury: proposes, pays and authorizes. While this runs, nobody else should use its key. */
  readonly payer: Payer
  readonly accessNode: string | AccessNodeOptions
  /** Ids of wallets: 1 to 10,000, none twice. */
  readonly ids?: readonly string[]
  /** 1 to 10,000: wallets `<prefix>1` to `<prefix><count>`. A larger count later keeps these. */
  readonly count?: number
  readonly prefix?: string
  /** Of the keys. Default `ECDSA_secp256k1`. */
  readonly algorithm?: SignatureAlgorithm
  /** Of the account keys. Default `SHA3_256`. */
  readonly hashAlgorithm?: HashAlgorithm
  /** For example `flow-testnet`: nothing is signed for another chain. */
  readonly chainId?: string
  /** Accounts in one transaction, 1 to 30. Default 25. */
  readonly batchSize?: number
  /** Milliseconds to wait for the seal of each transaction. Default 120,000. */
  readonly timeoutMs?: number
  /** Milliseconds for each step of the book. Default 10,000. */
  readonly bookTimeoutMs?: number
  /** Called after each transaction. What it throws becomes a process warning, no more. */
  readonly onProgress?: (progress: WalletsProgress) => unknown
  readonly signal?: AbortSignal
}

/** What there is when all is done. */
export type CreatedWallets = {
  readonly chainId: string
  /** Those that were asked for and have an account, in the order asked for. */
  readonly wallets: readonly Wallet[]
  /** So many of them were made by this run; the others were there. */
  readonly created: number
  /** Wallets whose sealed key or record cannot be used, each with the code. Nothing was made for them. */
  readonly refused: readonly { readonly id: string; readonly code: string }[]
  /** Of this run, all sealed. */
  readonly transactionIds: readonly string[]
}

/**
 * Makes what is missing, and can be run again at any time: after a crash anywhere it goes on, and no wallet
 * gets a second account. The signed bytes are in the book before they are sent; while it is not known
 * what became of them, they are sent again and nothing else is. Which account is whose is read from the chain
 * by public key.
 *
 * @throws {SignerError} `INVALID_OPTION`; `CHAIN_MISMATCH`, also for a book of another chain;
 * `WALLETS_TAKEN` when another run has taken the book over; `WALLET_RECORD_INVALID` when the record of the run
 * is damaged; `TRANSACTION_UNSETTLED` when it is not known yet what became of a transaction: run it
 * again; `TRANSACTION_FAILED`, `ACCESS_NODE_REFUSED` such as for a treasury without FLOW;
 * `ACCOUNT_CREATION_INCOMPLETE`; the codes of KMS, stores and the treasury's signers.
 */
export async function createWallets(options: CreateWalletsOptions): Promise<CreatedWallets> {
  assertKnownKeys(options, optionNames)
  const { keys, chainId: expected, batchSize = DEFAULT_BATCH, onProgress, signal } = options
  const { algorithm = 'ECDSA_secp256k1', hashAlgorithm = 'SHA3_256' } = options
  const { timeoutMs = 120_000, bookTimeoutMs = 10_000 } = options
  const ids = wantedIds(options)
  assertSealedKeys(keys)
  const payer = checkPayer(options.payer)
  const node = connectAccessNode(options.accessNode)
  curveOf(algorithm)
  if (!isHashAlgorithm(hashAlgorithm))
    throw invalid('hashAlgorithm', 'it is neither SHA2_256 nor SHA3_256')
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > MAX_BATCH)
    throw invalid('batchSize', `it is not a whole number from 1 to ${MAX_BATCH}`)
  assertTimeout('timeoutMs', timeoutMs)
  assertTimeout('bookTimeoutMs', bookTimeoutMs)
  assertSignal(signal)
  if (onProgress !== undefined && typeof onProgress !== 'function')
    throw invalid('onProgress', 'it is not a function')
  const book = boundedBook(options.book, bookTimeoutMs)

  const chainId = await readChainId(node, { signal })
  if (expected !== undefined && expected !== chainId)
    throw new SignerError('CHAIN_MISMATCH', { expected, actual: chainId })
  const choice = { algorithm, hashAlgorithm }
  const workshop = { node, chainId, keys, book, payer, choice, timeoutMs, signal, onProgress }
  const made = await makeAll(workshop, ids, batchSize)
  return Object.freeze({
    chainId,
    wallets: ids.flatMap((id) => made.wallets.get(id) ?? []),
    created: ids.filter((id) => made.created.has(id)).length,
    refused: made.refused,
    transactionIds: made.transactionIds,
  })
}

const optionNames: readonly (keyof CreateWalletsOptions)[] = [
  'keys',
  'book',
  'payer',
  'accessNode',
  'ids',
  'count',
  'prefix',
  'algorithm',
  'hashAlgorithm',
  'chainId',
  'batchSize',
  'timeoutMs',
  'bookTimeoutMs',
  'onProgress',
  'signal',
]

function assertSealedKeys(keys: SealedKeys): void {
  const isObject = typeof keys === 'object' && keys !== null
  if (!isObject || typeof keys.create !== 'function' || typeof keys.signer !== 'function')
    throw invalid('keys', 'it is none of createSealedKeys')
}
