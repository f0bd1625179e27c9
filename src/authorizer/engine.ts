/** What the parts of one authorizer share. @module */

import { isSignerError, SignerError } from '../errors.ts'
import { type AccessNodeOptions, assertChain, connectAccessNode } from '../flow/access-node.ts'
import type { NodeConnection } from '../flow/http.ts'
import { assertKnownKeys } from '../options.ts'
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
}

/** The shared parts. */
export type Engine = {
  readonly signers: readonly Signer[]
  readonly onSign: SignObserver | undefined
  readonly directory: AccountDirectory
  /** The access node, its chain checked. Throws `ACCESS_NODE_NOT_SET`, `CHAIN_MISMATCH`. */
  readonly node: (signal?: AbortSignal) => Promise<NodeConnection>
}

/** The option names that `createEngine` knows. */
export const engineOptionNames: readonly string[] = ['accessNode', 'chainId', 'onSign']

/** @throws {SignerError} `INVALID_OPTION`. */
export function createEngine(signers: readonly Signer[], options: AuthorizerOptions): Engine {
  assertKnownKeys(options, engineOptionNames)
  const { accessNode, chainId, onSign } = options
  assertSigners(signers)
  if (onSign !== undefined && typeof onSign !== 'function')
    throw new SignerError('INVALID_OPTION', { option: 'onSign', reason: 'it is not a function' })
  const configured = accessNode === undefined ? undefined : connectAccessNode(accessNode)
  const verified = Object.freeze(signers.map(createVerifiedSigner))
  const checkedUrls = new Set<string>()

  return {
    signers: verified,
    onSign,
    directory: createAccountDirectory(verified),
    async node(signal) {
      const node = configured ?? connectAccessNode(await fclAccessNode())
      if (chainId !== undefined && !checkedUrls.has(node.url)) {
        await assertChain(node, chainId, { signal })
        checkedUrls.add(node.url)
      }
      return node
    },
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

/**
 * Makes a choice on an account, and once more on what the chain says now when the choice fails on
 * what was read earlier: a key may have been added or revoked since.
 */
export async function choose<T>(
  engine: Engine,
  node: NodeConnection,
  address: string,
  options: { readonly reread: boolean; readonly signal?: AbortSignal | undefined },
  choice: (account: BoundAccount) => T,
): Promise<T> {
  const { signal } = options
  const mayBeOld = !options.reread && engine.directory.has(node, address)
  try {
    return choice(await engine.directory.get(node, address, options))
  } catch (thrown) {
    const aboutKeys =
      isSignerError(thrown) &&
      /^(KEY_(INDEX_UNKNOWN|REVOKED|NOT_HELD)|WEIGHT_TOO_LOW)$/.test(thrown.code)
    if (!mayBeOld || !aboutKeys) throw thrown
    return choice(await engine.directory.get(node, address, { reread: true, signal }))
  }
}
