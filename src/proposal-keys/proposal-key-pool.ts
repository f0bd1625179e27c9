/** The pool as `authorize` takes it. @module */

import { engineOf } from '../authorizer/kms-authorizer.ts'
import type { ProposalKeySource } from '../authorizer/proposal-key-source.ts'
import { connectAccessNode } from '../flow/access-node.ts'
import { createBlockFollower } from '../flow/block-follower.ts'
import { createBoundedStore } from '../stores/bounded-store.ts'
import { createMemoryStore } from '../stores/memory-store.ts'
import { checkPoolOptions, type ProposalKeyPoolOptions } from './options.ts'
import { createPool } from './pool.ts'
import type { PoolStats } from './report.ts'

/** For `authorizer.authorize(address, { proposalKeys: pool })`. */
export type ProposalKeyPool = ProposalKeySource & {
  /** Reads the account again, to use copies that were added. @returns How many there are. */
  readonly refresh: () => Promise<number>
  /**
   * Tells the pool what `fcl.mutate` rejected with: FCL tells it to its caller alone. When it proves
   * that no node can ever take the transaction, its key is free at once; else only the chain frees
   * it, at last when the transaction has expired.
   *
   * @returns Whether that was proved.
   */
  readonly noteFailure: (thrown: unknown) => boolean
  readonly stats: () => PoolStats
  /**
   * Ends waiting and following. Transactions that are in flight stay so in a shared store, where
   * another pool takes them over.
   */
  readonly close: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/**
 * Finds the weight-0 copies of the keys that sign for the account, and lends each to one transaction
 * at a time. What the chain says of a transaction frees its key.
 *
 * @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`, `NO_PROPOSAL_KEYS`, `WEIGHT_TOO_LOW`
 * and the other codes of accounts, access node, signers and stores.
 */
export async function createProposalKeyPool(
  options: ProposalKeyPoolOptions,
): Promise<ProposalKeyPool> {
  const settings = checkPoolOptions(options)
  const { accessNode, authorizer, store: given = createMemoryStore(), onReport } = options
  const store = createBoundedStore(given, { timeoutMs: settings.storeTimeoutMs })
  const engine = engineOf(authorizer)
  const node =
    accessNode === undefined
      ? await engine.node()
      : await engine.onChain(connectAccessNode(accessNode))
  const { webSocket } = options
  const follower = createBlockFollower({
    nodes: [node],
    pollMs: settings.pollMs,
    ...(webSocket === undefined ? {} : { webSocket }),
  })
  try {
    const parts = { engine, node: async () => node, store, follower, settings, onReport }
    const pool = await createPool(parts)
    const close = async () => {
      await pool.close()
      follower.close()
    }
    return Object.freeze({
      address: settings.address,
      lease: pool.lease,
      refresh: pool.refresh,
      noteFailure: pool.noteFailure,
      stats: pool.stats,
      close,
      [Symbol.asyncDispose]: close,
    })
  } catch (thrown) {
    follower.close()
    throw thrown
  }
}
