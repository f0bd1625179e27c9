/** Where it is kept which wallet has which account, and what a run was about to send. @module */

import type { HashAlgorithm, SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { invalid } from '../../options.ts'

/** The key of a wallet, as it stands on its account at index 0 with weight 1,000. */
export type WalletKey = {
  /** As in the sealed keys: 1 to 80 letters, digits and `. _ : @ + = -`. */
  readonly id: string
  /** 128 lower-case digits, X‖Y. */
  readonly publicKey: string
  readonly signatureAlgorithm: SignatureAlgorithm
  readonly hashAlgorithm: HashAlgorithm
}

/** A wallet whose account is sealed. It never changes again. */
export type Wallet = WalletKey & {
  readonly chainId: string
  /** `0x` and 16 lower-case digits. */
  readonly address: string
  /** Of the transaction that made the account: 64 lower-case digits. */
  readonly transactionId: string
}

/** One entry of a list. `invalid` where the record cannot be read. */
export type ListedWallet = Wallet | { readonly id: string; readonly invalid: true }

/** What is searched, and which page of it. All that is given must hold. */
export type WalletQuery = {
  /** How the id begins. */
  readonly prefix?: string
  readonly address?: string
  readonly publicKey?: string
  /** `next` of the page before. */
  readonly after?: string
  /** 1 to 1,000. */
  readonly limit: number
  readonly signal?: AbortSignal
}

/** In the order of the ids, compared by their ASCII codes. */
export type WalletPage = {
  readonly wallets: readonly ListedWallet[]
  /** Where the next page begins; absent on the last. */
  readonly next?: string
}

/** A transaction that makes accounts: kept before it is sent, until it is known what became of it. */
export type WalletBatch = {
  /** RLP with all signatures, hexadecimal. */
  readonly transaction: string
  readonly transactionId: string
  /** In the order of its arguments. */
  readonly wallets: readonly WalletKey[]
}

/** The one run that may write. Who takes it over raises `revision`, and the other can go on no more. */
export type WalletRun = {
  readonly revision: number
  readonly chainId: string
  readonly batch?: WalletBatch
}

type StepOptions = { readonly signal?: AbortSignal }

/**
 * Keeps wallets. Each function is durable when it resolves, and happens in whole or not at all. It
 * may reject with anything; then it may have happened.
 */
export type WalletBook = {
  /** @returns Undefined where there is none. @throws {SignerError} `WALLET_RECORD_INVALID`. */
  readonly read: (id: string, options?: StepOptions) => Promise<Wallet | undefined>
  /** @returns False when this id has a record, which then stays as it is. */
  readonly add: (wallet: Wallet, options?: StepOptions) => Promise<boolean>
  readonly list: (query: WalletQuery) => Promise<WalletPage>
  /** @returns Undefined in a new book. */
  readonly readRun: (options?: StepOptions) => Promise<WalletRun | undefined>
  /**
   * @param expected - The revision that `run` follows; 0 in a new book.
   * @returns False when there is another by now.
   */
  readonly replaceRun: (run: WalletRun, expected: number, options?: StepOptions) => Promise<boolean>
}

const steps: readonly (keyof WalletBook)[] = ['read', 'add', 'list', 'readRun', 'replaceRun']

/**
 * The same book, each step with an end.
 *
 * @param timeoutMs - Milliseconds for each step.
 * @throws {SignerError} `INVALID_OPTION`. Each step rejects with `STORE_UNAVAILABLE` for what the book
 * threw or did not answer in time, and with `signal.reason` on abort. Errors of this package pass.
 */
export function boundedBook(book: WalletBook, timeoutMs: number): WalletBook {
  const isObject = typeof book === 'object' && book !== null
  const missing = steps.filter((step) => !isObject || typeof book[step] !== 'function')
  if (missing.length > 0) throw invalid('book', `it has no function ${missing.join(', ')}`)

  async function bounded<T>(
    operation: keyof WalletBook,
    { signal }: StepOptions,
    run: (options: { signal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const onTimeout = () => new SignerError('STORE_UNAVAILABLE', { operation, waitedMs: timeoutMs })
    try {
      return await withDeadline({ timeoutMs, onTimeout, signal }, async (abort) =>
        run({ signal: abort }),
      )
    } catch (thrown) {
      signal?.throwIfAborted()
      if (isSignerError(thrown)) throw thrown
      throw new SignerError('STORE_UNAVAILABLE', { operation }, { cause: thrown })
    }
  }
  return {
    read: (id, options = {}) => bounded('read', options, (one) => book.read(id, one)),
    add: (wallet, options = {}) => bounded('add', options, (one) => book.add(wallet, one)),
    list: (query) => bounded('list', query, (one) => book.list({ ...query, ...one })),
    readRun: (options = {}) => bounded('readRun', options, (one) => book.readRun(one)),
    replaceRun: (run, expected, options = {}) =>
      bounded('replaceRun', options, (one) => book.replaceRun(run, expected, one)),
  }
}
