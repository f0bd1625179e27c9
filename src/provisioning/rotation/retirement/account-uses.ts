/** Whether an account still has a key: what is claimed of it, asked of the chain. @module */

import { normalizeAddress } from '../../../crypto/address.ts'
import type { SignatureAlgorithm } from '../../../crypto/algorithms.ts'
import {
  type AccessNodeOptions,
  assertChain,
  connectAccessNode,
} from '../../../flow/access-node.ts'
import type { NodeConnection } from '../../../flow/http.ts'
import { invalid } from '../../../options.ts'
import { accountTag, type TaggedUse } from '../../keys/account-tags.ts'
import { findKeyUses, type KeyUse } from '../../keys/uses.ts'

/** Options of whoever asks the chain. */
export type AccountOptions = {
  /** A REST endpoint of the chain that the key was rotated on. */
  readonly accessNode: string | AccessNodeOptions
  /** For example `flow-testnet`: refuses an access node of another chain. */
  readonly chainId?: string
  /** Accounts that the key may be on, besides those in its tags. */
  readonly addresses?: readonly string[]
}

/** Where to ask. */
export type Accounts = {
  readonly node: NodeConnection
  readonly chainId: string | undefined
  readonly addresses: readonly string[]
}

/** @throws {SignerError} `INVALID_OPTION`, `INVALID_ADDRESS`. */
export function accountsOf({ accessNode, chainId, addresses = [] }: AccountOptions): Accounts {
  if (chainId !== undefined && typeof chainId !== 'string')
    throw invalid('chainId', 'it is not a text')
  if (!Array.isArray(addresses)) throw invalid('addresses', 'it is not a list')
  return {
    node: connectAccessNode(accessNode),
    chainId,
    addresses: addresses.map(normalizeAddress),
  }
}

/**
 * A claim that the chain refutes counts for nothing; one of another chain, and an account that was named
 * and does not exist, cannot be refuted.
 *
 * @returns Why the key may still be used, with what to do; `undefined` when no account has it.
 * @throws {SignerError} `CHAIN_MISMATCH` and the `ACCESS_NODE_…` codes.
 */
export async function accountThatHas(
  accounts: Accounts,
  asked: {
    readonly key: { readonly publicKey: string; readonly signatureAlgorithm: SignatureAlgorithm }
    readonly tagged: readonly TaggedUse[]
    readonly signal: AbortSignal | undefined
  },
): Promise<string | undefined> {
  const { node, chainId, addresses } = accounts
  if (chainId !== undefined) await assertChain(node, chainId, { signal: asked.signal })
  const uses = await findKeyUses({ ...asked, node, addresses })
  for (const use of uses) {
    const reason = reasonOf(use, addresses)
    if (reason !== undefined) return reason
  }
  return undefined
}

function reasonOf(use: KeyUse, addresses: readonly string[]): string | undefined {
  const { address, chainId, keyIndex, weight, revoked, verified, reason = '' } = use
  if (verified)
    return revoked === true
      ? undefined
      : `account ${address} of ${chainId} has it unrevoked at index ${keyIndex}, weight ${weight}: rotate or revoke it there first`
  if (/^the access node serves /.test(reason)) {
    const { TagKey } = accountTag(chainId, address, [])
    return `its tag names ${address} of ${chainId}, and ${reason}: ask there, and take the tag ${TagKey} off when it is not on that account`
  }
  // A tag may name one that was; what the caller names should be there.
  return reason === 'the account does not exist' && addresses.includes(address)
    ? `account ${address} does not exist on ${chainId}, so nothing is proved of it: correct addresses`
    : undefined
}
