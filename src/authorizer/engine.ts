/** What the parts of one authorizer share. @module */

import { isSignerError, SignerError } from '../errors.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../flow/access-node.ts'
import type { NodeConnection } from '../flow/http.ts'
import { assertKnownKeys } from '../options.ts'
import type { SigningGovernor } from '../signers/governor/governor.ts'
import type { Signer } from '../signers/signer.ts'
import { createVerifiedSigner } from '../signers/verified-signer.ts'
import { type AccountDirectory, createAccountDirectory } from './account-directory.ts'
import type { BoundAccount } from './bound-account.ts'
import { fclAccessNode } from './fcl-config.ts'
import type { SignObserver } from './observer.ts'

/** Options of an authorizer, whatever its signers. */
export type AuthorizerOptions = {
  /** The REST endpoint to read accounts from. Default: what `fcl.config` holds when it is needed. */
  readonly accessNode?: string | AccessNodeOptions
  /** For example `flow-mainnet`: nothing is signed when the access node serves another chain. */
  readonly chainId?: string
  /** Called after each request to a signer, for metrics and audit. */
  readonly onSign?: SignObserver
  /** Keeps requests below the quotas of the signers. Share one among authorizers that share a quota. */
  readonly governor?: SigningGovernor
  /**
   * How the signers of one key are used, for example its replicas in several Regions.
   * - `in-turn`, the default: the first, and the next one when it fails.
   * - `together`: first the one that has most to spare, so that their quotas add up. Needs `governor`.
   */
  readonly replicas?: ReplicaUse
}

/** See `AuthorizerOptions.replicas`. */
export type ReplicaUse = 'in-turn' | 'together'

/** The shared parts. */
export type Engine = {
  readonly signers: readonly Signer[]
  readonly onSign: SignObserver | undefined
  readonly governor: SigningGovernor | undefined
  readonly replicas: ReplicaUse
  readonly directory: AccountDirectory
  /** The access node, its chain checked. Throws `ACCESS_NODE_NOT_SET`, `CHAIN_MISMATCH`. */
  readonly node: (signal?: AbortSignal) => Promise<NodeConnection>
  /** Another node, its chain checked. */
  readonly onChain: (node: NodeConnection, signal?: AbortSignal) => Promise<NodeConnection>
}

/** The same authorizer, that reads from nodes of its caller's choice. */
export const engineAt = (engine: Engine, node: () => NodeConnection): Engine => ({
  ...engine,
  node: (signal) => engine.onChain(node(), signal),
})

/** The option names that `createEngine` knows. */
export const engineOptionNames: readonly string[] = [
  'accessNode',
  'chainId',
  'onSign',
  'governor',
  'replicas',
]

/** @throws {SignerError} `INVALID_OPTION`. */
export function createEngine(signers: readonly Signer[], options: AuthorizerOptions): Engine {
  assertKnownKeys(options, engineOptionNames)
  const { accessNode, chainId, onSign, governor, replicas = 'in-turn' } = options
  assertSigners(signers)
  if (onSign !== undefined && typeof onSign !== 'function')
    throw new SignerError('INVALID_OPTION', { option: 'onSign', reason: 'it is not a function' })
  assertGoverned(governor, replicas)
  const configured = accessNode === undefined ? undefined : connectAccessNode(accessNode)
  const verified = Object.freeze(signers.map((signer) => createVerifiedSigner(signer)))
  const checkedUrls = new Set<string>()
  async function onChain(node: NodeConnection, signal?: AbortSignal): Promise<NodeConnection> {
    if (chainId !== undefined && !checkedUrls.has(node.url)) {
      await assertChain(node, chainId, { signal })
      checkedUrls.add(node.url)
    }
    return node
  }

  return {
    signers: verified,
    onSign,
    governor,
    replicas,
    directory: createAccountDirectory(verified),
    node: async (signal) => onChain(configured ?? connectAccessNode(await fclAccessNode()), signal),
    onChain,
  }
}

function assertSigners(signers: readonly Signer[]): void {
  const isSigner = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    'sign' in value &&
    typeof value.sign === 'function' &&
    'publicKey' in value &&
    typeof value.publicKey === 'function'
  if (signers.length === 0 || !signers.every(isSigner))
    throw new SignerError('INVALID_OPTION', {
      option: 'signers',
      reason: signers.length === 0 ? 'there is none' : 'one of them is not a signer',
    })
}

function assertGoverned(governor: SigningGovernor | undefined, replicas: ReplicaUse): void {
  const refuse = (option: string, reason: string) =>
    new SignerError('INVALID_OPTION', { option, reason })
  if (governor !== undefined && typeof governor?.run !== 'function')
    throw refuse('governor', 'it is not one of createSigningGovernor')
  if (replicas !== 'in-turn' && replicas !== 'together')
    throw refuse('replicas', 'it is neither in-turn nor together')
  if (replicas === 'together' && governor === undefined)
    throw refuse('replicas', 'together needs a governor, which knows what each has to spare')
}

/**
 * Makes a choice on an account, and once more on what the chain says now when the choice fails on
 * what was read earlier: a key may have been added or revoked since.
 *
 * @param options - `since`: what was read before this moment is not used, by `performance.now()`.
 */
export async function choose<T>(
  engine: Engine,
  node: NodeConnection,
  address: string,
  options: {
    readonly reread: boolean
    readonly since?: number | undefined
    readonly signal?: AbortSignal | undefined
  },
  choice: (account: BoundAccount) => T,
): Promise<T> {
  const { signal } = options
  const mayBeOld = !options.reread && engine.directory.has(node, address)
  try {
    return choice(await engine.directory.get(node, address, options))
  } catch (thrown) {
    const aboutKeys =
      isSignerError(thrown) &&
      /^(KEY_(INDEX_UNKNOWN|REVOKED|ROTATED|NOT_HELD)|WEIGHT_TOO_LOW)$/.test(thrown.code)
    if (!mayBeOld || !aboutKeys) throw thrown
    return choice(await engine.directory.get(node, address, { reread: true, signal }))
  }
}
