/** What the parts of one relay share. @module */

import type { Engine } from '../authorizer/engine.ts'
import type { TransactionPayload } from '../crypto/transaction.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { NodeBudget } from '../flow/node-budget.ts'
import type { Pool } from '../proposal-keys/pool.ts'
import type { AttemptSettlement, RelayStore } from '../stores/store.ts'
import type { Batch } from './batch.ts'
import type { RelayObserver } from './events.ts'
import type { Hold } from './hold.ts'

/** What a policy says of a transaction. Nothing said: it is signed by the fewest keys. */
export type PolicyVerdict = {
  /** Exactly these keys of the account sign. */
  readonly keyIndexes?: readonly number[]
  /** Ids of jobs that may not be signed yet. They are looked at again after some seconds. */
  readonly postponed?: readonly string[]
  /** Jobs that may never be signed: they fail. */
  readonly refused?: readonly { readonly id: string; readonly reason: string }[]
}

/**
 * A rule on a transaction before it is signed. What it throws refuses the whole transaction; of a
 * batch that was refused, the halves are tried. When a job is postponed or refused nothing is signed,
 * and the others of its batch go into another transaction.
 *
 * @param context - Which jobs the transaction is for, in the order of its arguments.
 */
export type RelayPolicy = (
  transaction: TransactionPayload,
  context: { readonly jobIds: readonly string[] },
) => undefined | PolicyVerdict | Promise<undefined | PolicyVerdict> | void | Promise<void>

/** Numbers of a relay, checked. */
export type RelaySettings = {
  readonly leaseMs: number
  readonly resendMs: number
  readonly transactionExpiry: number
  readonly maxInFlight: number
  readonly maxOpenJobs: number
  readonly retentionMs: number
  readonly batchWaitMs: number
}

/** What the parts of one relay share. */
export type RelayCore = {
  readonly address: string
  readonly engine: Engine
  readonly store: RelayStore
  readonly pool: Pool
  readonly follower: BlockFollower
  /** One is followed; the others are sent to as well, and one is asked to confirm. */
  readonly nodes: readonly [NodeConnection, ...NodeConnection[]]
  readonly budget: NodeBudget
  readonly batches: ReadonlyMap<string, Batch>
  /** Of a transaction of this process, while it is in flight. */
  readonly batchOf: (transactionId: string) => Batch | undefined
  readonly policy: RelayPolicy | undefined
  readonly requestScript: string | undefined
  readonly settings: RelaySettings
  readonly hold: Hold
  readonly tell: RelayObserver
  /** Tells those who wait for these jobs. */
  readonly notify: (jobIds: readonly string[]) => void
  /** One settlement of an attempt, with others in one step. @returns Whether it was still ours. */
  readonly settle: (settlement: AttemptSettlement & { readonly fence: number }) => Promise<boolean>
  readonly signal: AbortSignal
}

/** The node whose blocks are followed, and another that confirms, when there is one. */
export function askedNodes({ nodes, follower }: RelayCore): {
  readonly node: NodeConnection
  readonly second: NodeConnection | undefined
} {
  const node = follower.node()
  return { node, second: nodes.find((one) => one.url !== node.url) }
}
