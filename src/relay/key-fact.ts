/** The proposal key of an attempt, as one node tells it. @module */

import { isSignerError } from '../errors.ts'
import { readAccountKey } from '../flow/accounts.ts'
import type { NodeConnection } from '../flow/http.ts'
import type { AttemptRow } from '../stores/store.ts'
import type { Facts } from './facts.ts'

/** Null: the account has no such key. */
export type KeyFact = NonNullable<Facts['key']> | null

/**
 * Reads it as it was after this block.
 *
 * @throws {SignerError} The `ACCESS_NODE_…` codes.
 */
export async function readKeyFact(
  node: NodeConnection,
  { address, keyIndex }: AttemptRow,
  height: number,
  signal: AbortSignal,
): Promise<KeyFact> {
  try {
    const key = await readAccountKey(node, address, keyIndex, { height, signal })
    return { sequenceNumber: key.sequenceNumber, revoked: key.revoked }
  } catch (thrown) {
    if (isSignerError(thrown, 'KEY_INDEX_UNKNOWN')) return null
    throw thrown
  }
}

/** Whether two nodes say the same of it. */
export const sameKey = (one: KeyFact, other: KeyFact): boolean =>
  one?.sequenceNumber === other?.sequenceNumber && one?.revoked === other?.revoked
