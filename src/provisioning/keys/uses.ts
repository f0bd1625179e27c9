/** Where a key is used: what tags and callers claim, checked on the chain. @module */

import type { SignatureAlgorithm } from '../../crypto/algorithms.ts'
import { isSignerError } from '../../errors.ts'
import { readChainId } from '../../flow/access-node.ts'
import { type AccountKey, readAccount } from '../../flow/accounts.ts'
import type { NodeConnection } from '../../flow/http.ts'
import type { TaggedUse } from './account-tags.ts'

/** One use of a key on an account. */
export type KeyUse = {
  readonly address: string
  readonly chainId: string
  /** Absent when the account does not have the key. */
  readonly keyIndex?: number
  readonly weight?: number
  /** As the node spells it. Only when verified. */
  readonly hashAlgorithm?: string
  /** Only when verified. */
  readonly revoked?: boolean
  /** Whether the chain shows this very public key at this index. */
  readonly verified: boolean
  /** Why it is not verified. */
  readonly reason?: string
}

type Key = { readonly publicKey: string; readonly signatureAlgorithm: SignatureAlgorithm }

/**
 * @param key - `undefined` when its public key could not be read: then nothing is verified.
 * @param addresses - More accounts to look at, normalised.
 * @throws {SignerError} The `ACCESS_NODE_…` codes. A missing account is a use that is not verified.
 */
export async function findKeyUses(options: {
  readonly node: NodeConnection | undefined
  readonly key: Key | undefined
  readonly tagged: readonly TaggedUse[]
  readonly addresses: readonly string[]
  readonly signal: AbortSignal | undefined
}): Promise<readonly KeyUse[]> {
  const { node, key, tagged, addresses, signal } = options
  const unchecked = (use: TaggedUse, reason: string) => ({ ...use, verified: false, reason })
  if (node === undefined || key === undefined) {
    const reason = node === undefined ? 'no access node was given' : 'the public key is not known'
    return tagged.map((use) => unchecked(use, reason))
  }
  const chainId = await readChainId(node, { signal })
  const here = new Set(addresses)
  for (const use of tagged) if (use.chainId === chainId) here.add(use.address)
  const found = await Promise.all(
    [...here].map((address) => {
      const claims = tagged.filter((use) => use.chainId === chainId && use.address === address)
      return usesOn({ node, chainId, address, key, claims, signal })
    }),
  )
  const elsewhere = tagged
    .filter((use) => use.chainId !== chainId)
    .map((use) => unchecked(use, `the access node serves ${chainId}`))
  return [...found.flat(), ...elsewhere]
}

async function usesOn(options: {
  readonly node: NodeConnection
  readonly chainId: string
  readonly address: string
  readonly key: Key
  readonly claims: readonly TaggedUse[]
  readonly signal: AbortSignal | undefined
}): Promise<readonly KeyUse[]> {
  const { node, chainId, address, key, claims, signal } = options
  const account = await readAccount(node, address, { signal }).catch((thrown: unknown) => {
    if (isSignerError(thrown, 'ACCOUNT_NOT_FOUND') || isSignerError(thrown, 'CHAIN_MISMATCH'))
      return undefined
    throw thrown
  })
  const verified = (account?.keys ?? []).filter((found) => isKey(found, key))
  const wrong = claims.filter((claim) => verified.every(({ index }) => index !== claim.keyIndex))
  const reason = account === undefined ? 'the account does not exist' : 'its key is another one'
  const uses: KeyUse[] = [
    ...verified.map(({ index, weight, hashAlgorithm, revoked }) => {
      const facts = { keyIndex: index, weight, hashAlgorithm, revoked, verified: true }
      return { address, chainId, ...facts }
    }),
    ...wrong.map((claim) => ({ ...claim, verified: false, reason })),
  ]
  const nothing = account === undefined ? reason : 'the account does not have this key'
  return uses.length > 0 ? uses : [{ address, chainId, verified: false, reason: nothing }]
}

const isKey = (found: AccountKey, key: Key) =>
  found.publicKey === key.publicKey && found.signatureAlgorithm === key.signatureAlgorithm
