/** Where records lie: four functions, and what is made sure of around them. @module */

import { withDeadline } from '../../deadline.ts'
import { isSignerError, SignerError } from '../../errors.ts'
import { MAX_RECORD_BYTES } from './record.ts'

/** One page of a list. */
export type WalletPage = {
  /** In an order that stays. One that reads as nothing is left out by whoever lists. */
  readonly ids: readonly string[]
  /** Where the next page begins; absent on the last. */
  readonly next?: string
}

/** Given to each function; a store of your own may leave it out. */
export type StoreOptions = { readonly signal?: AbortSignal }

/**
 * Keeps one record for each wallet. Each function may reject with anything; a step that rejects, or
 * is not answered in time, may have been taken.
 */
export type SealedKeyStore = {
  /**
   * Durable when it resolves, and whole or not there at any moment.
   *
   * @returns False when this wallet has a record, which then stays as it is.
   */
  readonly create: (id: string, record: Uint8Array, options?: StoreOptions) => Promise<boolean>
  /** @returns The record, or undefined where there is none. */
  readonly read: (id: string, options?: StoreOptions) => Promise<Uint8Array | undefined>
  /** @param after - `next` of the page before. */
  readonly list: (page: {
    readonly after?: string
    readonly limit: number
    readonly signal?: AbortSignal
  }) => Promise<WalletPage>
  /**
   * Puts another record in the place of this one, or removes it when `next` is undefined. As durable
   * and as whole as `create`.
   *
   * @returns False when the wallet's record is another by now, or none.
   */
  readonly replace: (
    id: string,
    expected: Uint8Array,
    next: Uint8Array | undefined,
    options?: StoreOptions,
  ) => Promise<boolean>
}

/** The names of the four. */
const steps: readonly (keyof SealedKeyStore)[] = ['create', 'read', 'list', 'replace']

/** @throws {SignerError} `INVALID_OPTION` for anything but an object with the four functions. */
export function assertStore(store: SealedKeyStore): void {
  const isObject = typeof store === 'object' && store !== null
  const missing = steps.filter((step) => !isObject || typeof store[step] !== 'function')
  if (missing.length === 0) return
  throw new SignerError('INVALID_OPTION', {
    option: 'store',
    reason: `it has no function ${missing.join(', ')}`,
  })
}

/**
 * The same steps, each with an end, and with an answer that is one.
 *
 * @param timeoutMs - Milliseconds for each step.
 * @returns Each rejects with `STORE_UNAVAILABLE` for what the store threw or did not answer in time,
 * and with `signal.reason` on abort. Errors of this package pass as they are.
 */
export function createBoundedKeyStore(
  store: SealedKeyStore,
  timeoutMs: number,
): Required<SealedKeyStore> {
  async function bounded<T>(
    operation: keyof SealedKeyStore,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
    isAnswer: (answer: T) => boolean,
  ): Promise<T> {
    const onTimeout = () => new SignerError('STORE_UNAVAILABLE', { operation, waitedMs: timeoutMs })
    const answer = await withDeadline({ timeoutMs, onTimeout, signal }, run).catch(
      (thrown: unknown) => {
        signal?.throwIfAborted()
        throw isSignerError(thrown)
          ? thrown
          : new SignerError('STORE_UNAVAILABLE', { operation }, { cause: thrown })
      },
    )
    if (!isAnswer(answer)) throw new SignerError('STORE_ANSWER_INVALID', { operation })
    return answer
  }
  const isBoolean = (answer: unknown) => typeof answer === 'boolean'
  return Object.freeze({
    create: (id, record, { signal } = {}) =>
      bounded(
        'create',
        signal,
        // A copy: a store of one's own may change what it is given.
        async (abort) => store.create(id, record.slice(), { signal: abort }),
        isBoolean,
      ),
    read: (id, { signal } = {}) =>
      bounded('read', signal, async (abort) => store.read(id, { signal: abort }), isRecord),
    list: ({ signal, ...page }) =>
      bounded('list', signal, async (abort) => store.list({ ...page, signal: abort }), isPage),
    replace: (id, expected, next, { signal } = {}) =>
      bounded(
        'replace',
        signal,
        async (abort) => store.replace(id, expected, next, { signal: abort }),
        isBoolean,
      ),
  } satisfies SealedKeyStore)
}

/** One that is too long is no record; it is not held against the store. */
const isRecord = (answer: unknown) => answer === undefined || answer instanceof Uint8Array

function isPage(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false
  const { ids, next }: { ids?: unknown; next?: unknown } = answer
  const isNext = next === undefined || (typeof next === 'string' && next !== '')
  return isNext && Array.isArray(ids) && ids.every((id) => typeof id === 'string')
}

/** Bytes that a store reads of one record: past a record's own bound it is none, whatever follows. */
export const READ_BYTES: number = MAX_RECORD_BYTES + 1
