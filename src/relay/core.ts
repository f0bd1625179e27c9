/** What the parts of one relay share. @module */

import type { Engine } from '../authorizer/engine.ts'
import type { BlockFollower } from '../flow/block-follower.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { NodeBudget } from '../flow/node-budget.ts'
import type { Pool } from '../proposal-keys/pool.ts'
import type { AttemptSettlement, RelayStore } from '../stores/store.ts'
import type { Batch } from './batch.ts'
import type { RelayObserver } from './events.ts'
import type { Hold } from './hold.ts'
import type { RelayPolicy } from './verdict.ts'

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
