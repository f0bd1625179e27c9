/** Options of a pool, checked, with their defaults. @module */

import type { KmsAuthorizer } from '../authorizer/kms-authorizer.ts'
import { normalizeAddress } from '../crypto/address.ts'
import { SignerError } from '../errors.ts'
import type { AccessNodeOptions } from '../flow/access-node.ts'
import type { WebSocketConstructor } from '../flow/web-socket-blocks.ts'
import { assertKnownKeys, assertTimeout } from '../options.ts'
import type { ProposalKeyStore } from '../stores/store.ts'
import type { PoolReport } from './report.ts'

/** Options of `createProposalKeyPool`. */
export type ProposalKeyPoolOptions = {
  /** Whose keys sign. */
  readonly authorizer: KmsAuthorizer
  /** The account, with or without 0x. */
  readonly address: string
  /** The REST endpoint. Default: that of the authorizer. */
  readonly accessNode?: string | AccessNodeOptions
  /** Shared by all processes that use these keys. Default: memory, for one process alone. */
  readonly store?: ProposalKeyStore
  /**
   * Milliseconds from the lease to the last signature; after them the key is given to another.
   * Raise it where people sign. Default 60,000.
   */
  readonly leaseMs?: number
  /** Callers that may wait for a key. Default 10,000. */
  readonly maxWaiting?: number
  /** Milliseconds that one caller waits for a key. Default 120,000. */
  readonly waitMs?: number
  /**
   * Blocks after which the network refuses a reference block. Default 600, that of mainnet and
   * testnet; never set it lower than the network's.
   */
  readonly transactionExpiry?: number
  /** Milliseconds between looks for a new block. Default 250. */
  readonly pollMs?: number
  /**
   * Milliseconds for each step of the store, after which it counts as unavailable. Default 10,000.
   */
  readonly storeTimeoutMs?: number
  /**
   * Hears of new blocks by WebSocket, where the node offers it. Default: that of the platform,
   * Node.js 22 and newer; on Node.js 20 pass the class of the package ws. `false`: polling only.
   */
  readonly webSocket?: WebSocketConstructor | false
  /** Called for what happens to keys, for metrics and alarms. */
  readonly onReport?: (report: PoolReport) => void
}

/** Options with every default filled in. */
export type PoolSettings = Required<
  Pick<ProposalKeyPoolOptions, 'leaseMs' | 'maxWaiting' | 'waitMs' | 'transactionExpiry' | 'pollMs'>
> & { readonly address: string }

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function checkPoolOptions(
  options: ProposalKeyPoolOptions,
): PoolSettings & { readonly storeTimeoutMs: number } {
  assertKnownKeys(options, [
    'authorizer',
    'address',
    'accessNode',
    'store',
    'leaseMs',
    'maxWaiting',
    'waitMs',
    'transactionExpiry',
    'pollMs',
    'storeTimeoutMs',
    'webSocket',
    'onReport',
  ] satisfies readonly (keyof ProposalKeyPoolOptions)[])
  const { leaseMs = 60_000, maxWaiting = 10_000, waitMs = 120_000 } = options
  const { transactionExpiry = 600, pollMs = 250, storeTimeoutMs = 10_000, onReport } = options
  assertTimeout('leaseMs', leaseMs)
  assertTimeout('waitMs', waitMs)
  assertTimeout('pollMs', pollMs)
  assertTimeout('storeTimeoutMs', storeTimeoutMs)
  assertCount('maxWaiting', maxWaiting)
  assertCount('transactionExpiry', transactionExpiry)
  if (onReport !== undefined && typeof onReport !== 'function')
    throw new SignerError('INVALID_OPTION', { option: 'onReport', reason: 'it is not a function' })
  const address = normalizeAddress(options.address)
  return { address, leaseMs, maxWaiting, waitMs, transactionExpiry, pollMs, storeTimeoutMs }
}

function assertCount(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
    throw new SignerError('INVALID_OPTION', {
      option,
      reason: 'it is not a whole number from 1 to 1000000',
    })
}
