/** Checks that the functions of this folder share. @module */

import type { Transaction } from '../crypto/transaction.ts'
import { SignerError } from '../errors.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../flow/access-node.ts'
import type { NodeConnection } from '../flow/http.ts'
import { canonical } from './merge.ts'

/** Where the chain is read. */
export type ChainOptions = {
  readonly accessNode: string | AccessNodeOptions
  /** For example `flow-testnet`: another chain is refused. */
  readonly chainId?: string
  readonly signal?: AbortSignal
}

export const invalid = (option: string, reason: string): SignerError =>
  new SignerError('INVALID_OPTION', { option, reason })

/** @throws {SignerError} `INVALID_OPTION`, `CHAIN_MISMATCH`, the `ACCESS_NODE_…` codes. */
export async function openChain(options: ChainOptions): Promise<NodeConnection> {
  const { accessNode, chainId, signal } = options
  const node = connectAccessNode(accessNode)
  if (chainId !== undefined) {
    if (typeof chainId !== 'string') throw invalid('chainId', 'it is not a text')
    await assertChain(node, chainId, { signal })
  }
  return node
}

/** @throws {SignerError} `MALFORMED_TRANSACTION`, `INVALID_ADDRESS`. */
export const checkedTransaction = (transaction: Transaction): Transaction => canonical(transaction)
