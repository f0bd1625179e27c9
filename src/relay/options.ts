/** Options of a relay, checked, with their defaults. @module */

import type { KmsAuthorizer } from '../authorizer/kms-authorizer.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { SignerError } from '../errors.ts'
import { type AccessNodeOptions, connectAccessNode } from '../flow/access-node.ts'
import { assertDistinctNodes } from '../flow/node-connection.ts'
import type { WebSocketConstructor } from '../flow/web-socket-blocks.ts'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import type { PoolReport } from '../proposal-keys/report.ts'
import type { RelayStore } from '../stores/store.ts'
import type { BatchTemplate } from './batch.ts'
import type { RelaySettings } from './core.ts'
import type { RelayObserver } from './events.ts'
import type { RelayPolicy } from './verdict.ts'

/** Options of `createRelay`. */
export type RelayOptions = {
  /**
   * REST endpoints, each once. The first that works is followed. With a second, transactions are sent to both in
   * turn, and what the followed one says of an outcome is done only when the second says the same.
   */
  readonly accessNodes: readonly (string | AccessNodeOptions)[]
  /** Whose keys sign. */
  readonly authorizer: KmsAuthorizer
  /** The account that proposes, pays and authorizes, with or without 0x. */
  readonly address: string
  /** Shared by all processes that relay for this account. */
  readonly store: RelayStore
  /** A rule on each transaction before it is signed, which may also say which keys sign. */
  readonly policy?: RelayPolicy
  /** Templates of batches by name. */
  readonly batches?: Readonly<Record<string, BatchTemplate>>
  /**
   * Addresses for imports of Cadence that have none, by the name that is imported or by the
   * placeholder: `{ FlowToken: '0x…' }` serves `import "FlowToken"` and `from 0xFlowToken`. Before
   * those of `flowJson`, and these before what `fcl.config` holds.
   */
  readonly imports?: Readonly<Record<string, string>>
  /**
   * The contents of flow.json, parsed, or several: aliases and deployments of the network that the
   * access nodes serve.
   */
  readonly flowJson?: object
  /**
   * Cadence of a script with one argument, request ids, that returns an optional for each in their
   * order: nil while the contract has not fulfilled it. Job ids are the request ids: it is asked about
   * transactions that have them as arguments. Strengthens every doubtful case of these, up to a
   * database that was restored.
   */
  readonly requestScript?: string
  /** Sends to each node a second. Default 50, what public nodes allow. */
  readonly sendsPerSecond?: number
  /** Transactions in flight at most. Default: as many as there are proposal keys. */
  readonly maxInFlight?: number
  /** Jobs that wait at most. Default 100,000. */
  readonly maxOpenJobs?: number
  /** Milliseconds that a batch waits until it is full. Default 50. */
  readonly batchWaitMs?: number
  /** Milliseconds until what a process holds that is not heard of is taken over. Default 3,000. */
  readonly leaseMs?: number
  /** Milliseconds after which the same bytes are sent again when no block has them. Default 15,000. */
  readonly resendMs?: number
  /** Blocks after which the network refuses a reference block. Default 600; never set it lower. */
  readonly transactionExpiry?: number
  /** Milliseconds between looks for a new block. Default 250. */
  readonly pollMs?: number
  /**
   * Hears of new blocks by WebSocket, where the first node offers it. Default: that of the platform,
   * Node.js 22 and newer; on Node.js 20 pass the class of the package ws. `false`: polling only.
   */
  readonly webSocket?: WebSocketConstructor | false
  /** Milliseconds that final jobs are kept. Default 30 days; `Infinity` keeps them for good. */
  readonly retentionMs?: number
  /**
   * Milliseconds that the store may take for one step; then it counts as `STORE_UNAVAILABLE`, and what
   * was asked for is in doubt. Default 10,000.
   */
  readonly storeTimeoutMs?: number
  /** Called for each step of each transaction. */
  readonly onEvent?: RelayObserver
  /** Called for what happens to proposal keys. */
  readonly onPoolReport?: (report: PoolReport) => void
}

const DAY_MS = 86_400_000

/** The options with their defaults; `address` normalised. */
export type CheckedRelayOptions = RelaySettings & {
  readonly address: string
  readonly sendsPerSecond: number
  readonly pollMs: number
  readonly storeTimeoutMs: number
}

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function checkRelayOptions(options: RelayOptions): CheckedRelayOptions {
  assertKnownKeys(options, [
    'accessNodes',
    'authorizer',
    'address',
    'store',
    'policy',
    'batches',
    'imports',
    'flowJson',
    'requestScript',
    'sendsPerSecond',
    'maxInFlight',
    'maxOpenJobs',
    'batchWaitMs',
    'leaseMs',
    'resendMs',
    'transactionExpiry',
    'pollMs',
    'webSocket',
    'retentionMs',
    'storeTimeoutMs',
    'onEvent',
    'onPoolReport',
  ] satisfies readonly (keyof RelayOptions)[])
  const { accessNodes, policy, onEvent, onPoolReport, batches, requestScript, store } = options
  const { sendsPerSecond = 50, maxInFlight = 1_000_000, maxOpenJobs = 100_000 } = options
  const { batchWaitMs = 50, leaseMs = 3_000, resendMs = 15_000, pollMs = 250 } = options
  const { transactionExpiry = 600, retentionMs = 30 * DAY_MS, storeTimeoutMs = 10_000 } = options
  if (!Array.isArray(accessNodes) || accessNodes.length === 0)
    throw invalid('accessNodes', 'it names none')
  assertDistinctNodes('accessNodes', accessNodes.map(connectAccessNode))
  if (typeof store !== 'object' || store === null || typeof store.openAttempts !== 'function')
    throw invalid('store', 'it is no store: see createSqlStore and createMemoryStore')
  if (batches !== undefined && (typeof batches !== 'object' || batches === null))
    throw invalid('batches', 'it is not an object of templates by name')
  for (const [option, value] of Object.entries({ policy, onEvent, onPoolReport }))
    if (value !== undefined && typeof value !== 'function')
      throw invalid(option, 'it is not a function')
  if (requestScript !== undefined && typeof requestScript !== 'string')
    throw invalid('requestScript', 'it is not a text')
  const times = { batchWaitMs, leaseMs, resendMs, pollMs, storeTimeoutMs }
  for (const [option, value] of Object.entries(times)) assertTimeout(option, value)
  const counts = { sendsPerSecond, maxInFlight, maxOpenJobs, transactionExpiry }
  for (const [option, value] of Object.entries(counts))
    if (!Number.isInteger(value) || value < 1 || value > 10_000_000)
      throw invalid(option, 'it is not a whole number from 1 to 10000000')
  if (typeof retentionMs !== 'number' || !(retentionMs >= 0))
    throw invalid('retentionMs', 'it is not a number of milliseconds')
  const address = normalizeAddress(options.address)
  return { address, ...counts, ...times, retentionMs }
}

const invalid = (option: string, reason: string) =>
  new SignerError('INVALID_OPTION', { option, reason })
