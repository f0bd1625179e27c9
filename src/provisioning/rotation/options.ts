/** Options of the functions that begin a rotation and go on with one. @module */

import { engineOf, type KmsAuthorizer } from '../../authorizer/kms-authorizer.ts'
import { normalizeAddress } from '../../crypto/address.ts'
import type { Transaction } from '../../crypto/transaction.ts'
import type { AccessNodeOptions } from '../../flow/access-node.ts'
import { assertKnownKeys, assertSignal, assertTimeout, invalid } from '../../options.ts'
import type { ProposalKeyStore } from '../../stores/store.ts'
import { EXPIRY_BLOCKS } from '../../transactions/expiry.ts'
import type { RotationEvent } from './progress.ts'
import { allSteps } from './record.ts'
import type { KeyRetirement, RotationStep, RotationStore, RotationVault } from './types.ts'

/** A store in which processes keep proposal keys of the account. */
export type RotationPool = {
  readonly store: ProposalKeyStore
  /** Default that of the rotation. */
  readonly address?: string
}

/** Where the account is, who signs, and where the rotation is stored. */
export type RotationBase = {
  readonly accessNode: string | AccessNodeOptions
  /** For example `flow-testnet`: nothing is signed for another chain. */
  readonly chainId?: string
  readonly address: string
  /** Holds keys of the account. Where they do not reach 1,000, others are waited for. */
  readonly authorizer: KmsAuthorizer
  readonly rotations: RotationStore
  /**
   * Every store in which a process keeps proposal keys of the account: no transaction is begun there
   * from `drain` to `resume`. Default none.
   */
  readonly pools?: readonly RotationPool[]
  /** What came back from others who sign. Default none. */
  readonly signed?: readonly Transaction[]
  /** Milliseconds to wait for the seal of each transaction. Default 120,000. */
  readonly timeoutMs?: number
  /** Blocks after which no block takes a transaction. Default 600, as everywhere but on some emulators. */
  readonly transactionExpiry?: number
  /** Called after each change that was stored. What it throws becomes a process warning, no more. */
  readonly onStep?: (event: RotationEvent) => void
  /** Ends it between two steps, and in those that can be run again. */
  readonly signal?: AbortSignal
}

/** Options of `resumeRotation`. */
export type ResumeOptions = RotationBase & {
  /** Where the new key comes from. */
  readonly vault: RotationVault
  /** How the old key ends. Default: it stays as it is in its vault. */
  readonly retirement?: KeyRetirement
  /** Stops before this step: the report says `stopped`. */
  readonly stopBefore?: RotationStep
  /** Milliseconds to wait for transactions under way. Default 120,000. */
  readonly drainTimeoutMs?: number
}

export const baseOptionNames: readonly (keyof RotationBase)[] = [
  'accessNode',
  'chainId',
  'address',
  'authorizer',
  'rotations',
  'pools',
  'signed',
  'timeoutMs',
  'transactionExpiry',
  'onStep',
  'signal',
]

export const resumeOptionNames: readonly (keyof ResumeOptions)[] = [
  ...baseOptionNames,
  'vault',
  'retirement',
  'stopBefore',
  'drainTimeoutMs',
]

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function assertBase(options: RotationBase): void {
  const { rotations, pools = [], signed = [], timeoutMs = 120_000, onStep, signal } = options
  const { transactionExpiry = EXPIRY_BLOCKS } = options
  normalizeAddress(options.address)
  engineOf(options.authorizer)
  assertRotations(rotations)
  if (!Array.isArray(pools)) throw invalid('pools', 'it is not a list')
  for (const pool of pools) {
    assertHas('pools', pool, ['store'], 'object')
    assertKnownKeys(pool, ['store', 'address'])
    assertHas('pools', pool.store, ['listKeys', 'leaseKeys', 'settleLeases', 'restoreKey'])
    if (pool.address !== undefined) normalizeAddress(pool.address)
  }
  if (!Array.isArray(signed)) throw invalid('signed', 'it is not a list')
  assertTimeout('timeoutMs', timeoutMs)
  if (!Number.isInteger(transactionExpiry) || transactionExpiry < 1 || transactionExpiry > 600)
    throw invalid('transactionExpiry', 'it is not a whole number of blocks from 1 to 600')
  if (onStep !== undefined && typeof onStep !== 'function')
    throw invalid('onStep', 'it is not a function')
  assertSignal(signal)
}

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function assertResume(options: ResumeOptions): void {
  assertBase(options)
  const { vault, retirement, stopBefore, drainTimeoutMs = 120_000 } = options
  assertVault(vault)
  if (retirement !== undefined) assertRetirement(retirement)
  if (stopBefore !== undefined && !allSteps.includes(stopBefore))
    throw invalid('stopBefore', `it is none of ${allSteps.join(', ')}`)
  assertTimeout('drainTimeoutMs', drainTimeoutMs)
}

/** @throws {SignerError} `INVALID_OPTION`. */
export function assertVault(vault: RotationVault): void {
  assertHas('vault', vault, ['create', 'open'])
  if (typeof vault.kind !== 'string') throw invalid('vault', 'it has no kind')
}

function assertRetirement(retirement: KeyRetirement): void {
  assertHas('retirement', retirement, [])
  const { kind, reference, ...parts } = retirement
  if (typeof kind !== 'string' || typeof reference !== 'string')
    throw invalid('retirement', 'it has no kind or no reference')
  if (Object.values(parts).some((part) => part !== undefined && typeof part !== 'function'))
    throw invalid('retirement', 'one of its parts is not a function')
}

/** @throws {SignerError} `INVALID_OPTION`. */
export const assertRotations = (rotations: RotationStore): void =>
  assertHas('rotations', rotations, ['begin', 'replace', 'read', 'list'])

function assertHas(
  option: string,
  value: unknown,
  names: readonly string[],
  type: 'function' | 'object' = 'function',
): void {
  const isObject = typeof value === 'object' && value !== null
  const given: Readonly<Record<string, unknown>> = isObject ? { ...value } : {}
  const missing = names.filter(
    (name) => typeof (given[name] ?? (isObject && Reflect.get(value, name))) !== type,
  )
  if (!isObject || missing.length > 0)
    throw invalid(option, `it has no ${missing.join(', ') || 'properties'}`)
}
