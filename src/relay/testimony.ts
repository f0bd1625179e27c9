/** What each node says of a transaction that no block is known to have. @module */

import { readLatestHeader } from '../flow/block-headers.ts'
import { readBlockHeight } from '../flow/blocks.ts'
import type { NodeConnection } from '../flow/http.ts'
import { readSingleResult } from '../flow/transaction-outcome.ts'
import { EXPIRY_MARGIN } from '../proposal-keys/expiry.ts'
import type { AttemptRow } from '../stores/store.ts'
import type { Facts } from './facts.ts'
import { type KeyFact, readKeyFact, sameKey } from './key-fact.ts'

/** The word of one node. */
export type Testimony = {
  /** It says that a block has executed the transaction. */
  readonly isExecuted: boolean
  /** Of its reference block; null: there is no such block. */
  readonly referenceHeight: number | null
  /** Of the proposal key; null: the account has no such key. */
  readonly key: KeyFact
  /** Whether its reference block is too old for any node to take it. */
  readonly isExpired: boolean
}

/** What is asked about. */
export type TestimonyRequest = {
  readonly attempt: AttemptRow
  /** 64 digits. */
  readonly referenceBlockId: string
  /** Blocks after which the network refuses a reference block. */
  readonly transactionExpiry: number
  /** Known to be sealed; the key is read as it was then. 0: as it is now. */
  readonly sealedHeight: number
  /** The chain may have gone back: a node whose chain is lower does not merely lag. */
  readonly mayBeGone: boolean
  readonly signal: AbortSignal
}

/**
 * @returns `undefined` when the node lags: what it does not have, it may have yet.
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function testify(
  node: NodeConnection,
  request: TestimonyRequest,
): Promise<Testimony | undefined> {
  const { attempt, referenceBlockId, transactionExpiry, mayBeGone, signal } = request
  const [referenceHeight, sealed] = await Promise.all([
    readBlockHeight(node, referenceBlockId, { signal }),
    readLatestHeader(node, 'sealed', { signal }),
  ])
  const isLower = sealed.height < Math.max(attempt.referenceHeight, request.sealedHeight)
  if (isLower && !mayBeGone) return undefined
  const isExpired =
    referenceHeight !== undefined &&
    sealed.height > referenceHeight + transactionExpiry + EXPIRY_MARGIN
  const height = Math.min(request.sealedHeight || sealed.height, sealed.height)
  // Asked last: until then a block could still have taken it.
  const key = await readKeyFact(node, attempt, height, signal)
  const single = await readSingleResult(node, attempt.transactionId, { signal })
  const isExecuted = single.kind === 'executed'
  return { isExecuted, referenceHeight: referenceHeight ?? null, key, isExpired }
}

/**
 * What testimonies say together.
 * - `executed`: a node says that a block has it.
 * - `open`: its reference block stands and is not too old.
 * - `never`: no block has it, and none can.
 * - `differ`: they do not say the same; one may only lag.
 */
export type Weighed =
  | { readonly kind: 'executed' }
  | { readonly kind: 'open'; readonly referenceHeight: number }
  | { readonly kind: 'never'; readonly facts: Pick<Facts, 'key' | 'referenceGone'> }
  | { readonly kind: 'differ'; readonly about: string }

/** Pure. */
export function weigh(
  transactionId: string,
  testimonies: readonly [Testimony, ...Testimony[]],
): Weighed {
  const [first, ...others] = testimonies
  const { referenceHeight, key, isExpired } = first
  if (testimonies.some(({ isExecuted }) => isExecuted)) return { kind: 'executed' }
  if (others.some((other) => other.referenceHeight !== referenceHeight))
    return { kind: 'differ', about: `about the reference block of transaction ${transactionId}` }
  if (referenceHeight !== null && testimonies.some((one) => !one.isExpired))
    return { kind: 'open', referenceHeight }
  if (!others.every((other) => sameKey(other.key, key)))
    return { kind: 'differ', about: `about the key of transaction ${transactionId}` }
  return { kind: 'never', facts: { key, referenceGone: !isExpired } }
}
