/** Which keys of an account are fit to propose without a signature of their own. @module */

import type { BoundAccount, BoundKey } from '../authorizer/bound-account.ts'
import { choose, type Engine } from '../authorizer/engine.ts'
import { chooseKeys } from '../authorizer/selection.ts'
import { SignerError } from '../errors.ts'
import type { NodeConnection } from '../flow/http.ts'

/** A proposal key and its sequence number on chain. */
export type ProposalKeyCopy = { readonly keyIndex: number; readonly sequenceNumber: bigint }

/** What the account has. */
export type FoundCopies = {
  readonly copies: readonly ProposalKeyCopy[]
  /** The public keys that sign. */
  readonly signing: readonly string[]
  /** Indexes of all revoked keys. */
  readonly revoked: ReadonlySet<number>
}

/**
 * Reads the account and finds the unrevoked weight-0 copies of the keys that sign for it: they share
 * public key and hash algorithm with one that signs, so they share its signature.
 *
 * @throws {SignerError} `NO_PROPOSAL_KEYS`; `WEIGHT_TOO_LOW`, `KEY_ROTATED` and the other codes of
 * accounts, access node and signers.
 */
export async function findCopies(
  engine: Engine,
  node: NodeConnection,
  address: string,
  signal?: AbortSignal,
): Promise<FoundCopies> {
  const found = await choose(engine, node, address, { reread: true, signal }, copiesOf)
  if (found.copies.length === 0) throw new SignerError('NO_PROPOSAL_KEYS', { address })
  return found
}

function copiesOf(account: BoundAccount): FoundCopies {
  const signing = chooseKeys(account, {})
  const isCopy = (key: BoundKey) =>
    key.weight === 0 &&
    signing.some(
      ({ publicKey, hashAlgorithm }) =>
        publicKey === key.publicKey && hashAlgorithm === key.hashAlgorithm,
    )
  const copies = account.keys.flatMap(({ index, sequenceNumber }) => {
    const key = account.held.get(index)
    return key !== undefined && isCopy(key) ? [{ keyIndex: index, sequenceNumber }] : []
  })
  const revoked = account.keys.filter((key) => key.revoked).map(({ index }) => index)
  return {
    copies,
    signing: [...new Set(signing.map(({ publicKey }) => publicKey))],
    revoked: new Set(revoked),
  }
}
