/** How long a transaction can still be taken. @module */

import { bytesToHex } from '../crypto/hex.ts'
import { type Transaction, transactionId } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import { type BlockHeader, readBlockHeaders, readLatestHeader } from '../flow/block-headers.ts'
import type { NodeConnection } from '../flow/http.ts'

/** After so many blocks no block takes it. @see flow-go model/flow/constants.go `DefaultTransactionExpiry` */
export const EXPIRY_BLOCKS = 600
const ADMISSION_BUFFER_BLOCKS = 30

/** How far the chain is from the reference block. */
export type Expiry = {
  readonly referenceHeight: number
  /** Of the latest block that is final. */
  readonly latestHeight: number
  /** Until an access node refuses the transaction: 570 blocks at first, about eight minutes on mainnet. */
  readonly blocksLeft: number
}

type Options = { readonly signal?: AbortSignal | undefined }

/**
 * @throws {SignerError} `REFERENCE_BLOCK_UNKNOWN` when the node does not have the block; the
 * `ACCESS_NODE_…` codes.
 */
export async function readExpiry(
  node: NodeConnection,
  { referenceBlockId }: Pick<Transaction, 'referenceBlockId'>,
  options: Options = {},
): Promise<Expiry> {
  const id = bytesToHex(referenceBlockId)
  const [blocks, latest] = await Promise.all([
    readBlockHeaders(node, id, options),
    readLatestHeader(node, 'final', options),
  ])
  const reference = blocks?.find((block) => block.id === id)
  if (reference === undefined)
    throw new SignerError('REFERENCE_BLOCK_UNKNOWN', { blockId: id, accessNode: node.url })
  return expiryOf(reference, latest)
}

/** @param latest - A block that came later, or the same. */
export function expiryOf(
  reference: Pick<BlockHeader, 'height'>,
  latest: Pick<BlockHeader, 'height'>,
): Expiry {
  // A node behind another answers with an older block than it has.
  const age = Math.max(0, latest.height - reference.height)
  return {
    referenceHeight: reference.height,
    latestHeight: reference.height + age,
    blocksLeft: Math.max(0, EXPIRY_BLOCKS - ADMISSION_BUFFER_BLOCKS - age),
  }
}

/** @throws {SignerError} `TRANSACTION_EXPIRED` when no block can take it any more. */
export function assertNotExpired(transaction: Transaction, expiry: Expiry): void {
  if (expiry.latestHeight - expiry.referenceHeight <= EXPIRY_BLOCKS) return
  throw new SignerError('TRANSACTION_EXPIRED', { transactionId: transactionId(transaction) })
}
