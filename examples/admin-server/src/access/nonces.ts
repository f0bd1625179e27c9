/** Nonces that were used, kept in the database so that a replay is refused after a restart too. @module */

import { coalesce } from '../database/coalesce.ts'
import type { Session } from '../database/database.ts'
import { SIGNATURE_WINDOW_SECONDS } from './request-signature.ts'

/** One nonce of one token. */
export type Nonce = { readonly tokenId: string; readonly nonce: string }

/**
 * A timestamp may lie one window ahead and is good for one more behind it. The third one is for
 * instances whose clocks differ.
 */
const KEEP_MS = 3 * SIGNATURE_WINDOW_SECONDS * 1_000
const PRUNE_MS = 60_000
const MAX_NONCES = 500

/**
 * @param clock - Milliseconds since 1970.
 * @returns A function that tells whether the nonce is new, and makes it used: of all who ask with the
 *   same one, on any instance, one gets `true`. Rejects when the database does not answer.
 */
export function createNonceStore(
  session: Session,
  clock: () => number = Date.now,
): (nonce: Nonce) => Promise<boolean> {
  let pruneAt = 0
  return coalesce<Nonce, boolean>(async (nonces) => {
    const now = clock()
    // In one order everywhere: two instances with the same nonces wait for each other, not both.
    const wanted = new Map([...nonces].sort(byKey).map((nonce) => [keyOf(nonce), nonce]))
    const rows = await session.query<{ token_id: string; nonce: string }>(
      `INSERT INTO nonces (token_id, nonce, expires_at)
       SELECT token_id, nonce, $3::timestamptz
       FROM unnest($1::text[], $2::text[]) AS given (token_id, nonce)
       ON CONFLICT DO NOTHING RETURNING token_id, nonce`,
      [
        [...wanted.values()].map(({ tokenId }) => tokenId),
        [...wanted.values()].map(({ nonce }) => nonce),
        new Date(now + KEEP_MS),
      ],
    )
    if (now >= pruneAt) {
      pruneAt = now + PRUNE_MS
      // Too many rows do no harm before the next time.
      await session
        .query('DELETE FROM nonces WHERE expires_at < $1', [new Date(now)])
        .catch(() => undefined)
    }
    const fresh = new Set(rows.map((row) => keyOf({ tokenId: row.token_id, nonce: row.nonce })))
    // `delete` is true once: the same nonce twice in one statement is new for the first only.
    return nonces.map((nonce) => fresh.delete(keyOf(nonce)))
  }, MAX_NONCES)
}

// Neither part can hold a space.
const keyOf = ({ tokenId, nonce }: Nonce): string => `${tokenId} ${nonce}`
const byKey = (left: Nonce, right: Nonce): number => (keyOf(left) < keyOf(right) ? -1 : 1)
